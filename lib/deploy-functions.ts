import { Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import type { HostGroupConfig } from '../contracts/config.ts';
import { acknowledge, anyResource } from './acknowledge.ts';
import type { DeployLedger } from './deploy-ledger.ts';
import { HandlerFunction, type HandlerFunctionProps } from './handler-function.ts';
import { type DeployHandlerName, pascalCase } from './handler-name.ts';
import {
  anyOf,
  attachVolumes,
  queryOpen,
  readAlarms,
  readCommands,
  readDocuments,
  readHosts,
  readImages,
  registryName,
  sendPhases,
  useLedger,
} from './permissions.ts';
import type { PhaseDocuments } from './phase-documents.ts';

export interface DeployFunctionsProps {
  readonly bundlesFolder: string;
  readonly ledger: DeployLedger;
  readonly documents: PhaseDocuments;
  readonly repositories: readonly IRepository[];
  readonly hostGroups: readonly HostGroupConfig[];
  /** Names of the CloudWatch alarms that apps heed. */
  readonly alarms: readonly string[];
  /** Environment of find-hosts: where hosts get Docker from. */
  readonly dockerEnvironment: Readonly<Record<string, string>>;
}

type Rest = Omit<HandlerFunctionProps, 'handler' | 'bundlesFolder'>;

/** The Lambdas, each with what it may do and nothing more. What concerns the state machine is granted there. */
export class DeployFunctions extends Construct {
  readonly byName: Readonly<Record<DeployHandlerName, HandlerFunction>>;

  constructor(scope: Construct, id: string, props: DeployFunctionsProps) {
    super(scope, id);
    const functions = Object.entries(rolesOf(Stack.of(this), props)).map(([name, rest]) => {
      const handler = name as DeployHandlerName;
      const made = new HandlerFunction(this, pascalCase(name), {
        handler,
        bundlesFolder: props.bundlesFolder,
        ...rest,
      });
      return [handler, made] as const;
    });
    this.byName = Object.fromEntries(functions) as Record<DeployHandlerName, HandlerFunction>;
    this.acknowledgeWildcards();
  }

  private acknowledgeWildcards(): void {
    const { 'find-hosts': findHosts, 'run-phase': runPhase, 'judge-phase': judgePhase, sweep } = this.byName;
    const tagged = 'Hosts and volumes are known by their tags: the statement has a condition on them';
    acknowledge(findHosts.role, tagged, anyOf('instance'), anyOf('volume'));
    acknowledge(runPhase.role, tagged, anyOf('instance'));
    const lists = 'Describe and List actions of EC2, SSM and CloudWatch know no resource';
    for (const { role } of [findHosts, judgePhase, sweep]) acknowledge(role, lists, anyResource);
  }
}

function rolesOf(stack: Stack, props: DeployFunctionsProps): Record<DeployHandlerName, Rest> {
  const { ledger } = props;
  const environment = { LEDGER_TABLE: ledger.table.tableName };
  const heedAlarms = props.alarms.length > 0 ? [readAlarms()] : [];
  return {
    'accept-request': { description: 'Makes a request of a push, a manual execution or a closing' },
    'acquire-lease': {
      description: 'Gives an app to one deployment at a time',
      environment,
      statements: [useLedger(ledger, 'GetItem', 'PutItem', 'Query')],
    },
    'resolve-image': {
      description: 'Resolves a tag to a digest, and reads what the image is',
      environment: { REGISTRY: registryName() },
      statements: [readImages(props.repositories)],
    },
    'find-hosts': findHosts(stack, props),
    'run-phase': {
      description: 'Sends a phase to a wave of hosts',
      environment,
      statements: [
        useLedger(ledger, 'GetItem', 'PutItem', 'UpdateItem'),
        ...sendPhases(
          stack,
          props.documents.arns,
          props.hostGroups.map(({ tag }) => tag),
        ),
      ],
    },
    'commit-release': {
      description: 'Writes down what is live',
      environment,
      statements: [useLedger(ledger, 'GetItem', 'PutItem')],
    },
    'close-deployment': {
      description: 'Says how a deployment ended',
      environment,
      statements: [useLedger(ledger, 'GetItem', 'PutItem', 'UpdateItem', 'Query')],
    },
    'judge-phase': {
      description: 'Judges a phase by what each host reported',
      environment,
      statements: [
        useLedger(ledger, 'GetItem', 'UpdateItem'),
        queryOpen(ledger),
        readCommands(),
        ...heedAlarms,
      ],
    },
    sweep: {
      description: 'Settles what no event reported',
      environment,
      statements: [
        useLedger(ledger, 'GetItem', 'UpdateItem'),
        queryOpen(ledger),
        readCommands(),
        ...heedAlarms,
      ],
      timeoutSeconds: 55,
    },
    'close-execution': {
      description: 'Closes what an aborted execution left behind',
      environment,
      statements: [useLedger(ledger, 'GetItem'), queryOpen(ledger)],
    },
  };
}

function findHosts(
  stack: Stack,
  { ledger, documents, hostGroups, alarms, dockerEnvironment }: DeployFunctionsProps,
): Rest {
  return {
    description: 'Finds hosts, volumes and documents: the plan',
    timeoutSeconds: 50,
    environment: {
      LEDGER_TABLE: ledger.table.tableName,
      DOCUMENT_NAMES: Stack.of(ledger).toJsonString(documents.names),
      ...dockerEnvironment,
    },
    statements: [
      useLedger(ledger, 'PutItem'),
      readHosts(),
      readDocuments(documents.arns),
      ...attachVolumes(stack, hostGroups),
      ...(alarms.length > 0 ? [readAlarms()] : []),
    ],
  };
}
