import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../lambdas/lib/ledger.ts';
import type { HistoryEvent } from './asl/history.ts';
import { deployAssembly } from './assembly/read-assembly.ts';
import type { DeployedStack } from './assembly-types.ts';
import { createAuthorizer, type Authorizer, type ExistingRole } from './aws/authorize.ts';
import { CloudWatchService } from './aws/cloudwatch.ts';
import { DefaultBus, type DeliveryFault } from './aws/default-bus.ts';
import { createDynamoDb } from './aws/dynamodb.ts';
import { createEc2 } from './aws/ec2.ts';
import type { RehearsalVolume } from './aws/ec2-volumes.ts';
import { createEcr, type EcrService } from './aws/ecr.ts';
import type { ImageSource } from './aws/ecr-images.ts';
import type { BusEvent, EventSink } from './aws/event-bus.ts';
import { createSsm, type SsmFaults, type SsmService } from './aws/ssm.ts';
import type { IdentityProvider } from './aws/identity-provider.ts';
import { StatesService } from './aws/states.ts';
import { createSts } from './aws/sts.ts';
import { createCredentials, person, type CredentialRegistry } from './aws/wire-credentials.ts';
import { createWire, type AskCallFault, type Wire, type WireCall } from './aws/wire.ts';
import { systemClock, type Clock } from './clock.ts';
import type { RehearsalHost } from './host/host.ts';
import type { AskFunctionFault } from './lambda/function-fault.ts';
import { Lambda, type LambdaOptions } from './lambda/lambda.ts';

export const account = '123456789012';
export const region = 'eu-central-1';

export interface DeployerOptions {
  /** Folder of the assembly: cdk.out. */
  readonly assembly: string;
  /** The stack's parameters that are not the template's defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly hosts: readonly RehearsalHost[];
  readonly volumes: readonly RehearsalVolume[];
  /** ARN of the role that the hosts carry; it has the stack's host policies. */
  readonly hostRoleArn: string;
  readonly images: (events: EventSink) => ImageSource;
  readonly logFolder: string;
  /** Whose tokens STS takes, such as those of the rehearsal's GitHub. */
  readonly identityProviders?: readonly IdentityProvider[];
  readonly clock?: Clock;
  readonly faults?: SsmFaults;
  readonly eventFault?: (event: BusEvent, ruleName: string) => DeliveryFault | undefined;
  readonly functionFault?: AskFunctionFault;
  readonly callFault?: AskCallFault;
  readonly clockOffset?: LambdaOptions['clockOffset'];
  readonly onHistory?: (executionArn: string, event: HistoryEvent) => void;
}

/** A deployed stack that runs: every service at one endpoint, every Lambda as a process. */
export interface Deployer {
  readonly stack: DeployedStack;
  readonly events: EventSink;
  readonly states: StatesService;
  readonly ssm: SsmService;
  readonly ecr: EcrService;
  /** Alarms that somebody makes, and says how they are. */
  readonly cloudwatch: CloudWatchService;
  readonly bus: DefaultBus;
  readonly lambda: Lambda;
  readonly wire: Wire;
  readonly credentials: CredentialRegistry;
  /** Throws AccessDeniedException for what a role may not do. */
  readonly authorize: Authorizer['authorize'];
  /** Every call that was made of AWS, in order. */
  readonly calls: readonly WireCall[];
  /** The ledger as a person reads it. */
  readonly ledger: Ledger;
  readonly stateMachineArn: string;
  /** Whether a Lambda, a call, or something on a real host is under way: all else waits for the clock, or for somebody. */
  readonly busy: boolean;
  /** What AWS_ENDPOINT_URL is. */
  readonly endpointUrl: string;
  close(): Promise<void>;
}

export async function startDeployer(options: DeployerOptions): Promise<Deployer> {
  const { clock = systemClock, logFolder } = options;
  mkdirSync(logFolder, { recursive: true });
  const stack = deployAssembly(options.assembly, { parameters: options.parameters, account, region });
  const credentials = createCredentials(clock);
  const authorizer = createAuthorizer(stack, [hostRole(stack, options.hostRoleArn)]);
  const { authorize } = authorizer;
  // The bus is called by services that it calls itself: it looks them up when an event comes.
  const bus: DefaultBus = new DefaultBus({
    stack,
    clock,
    authorize,
    fault: options.eventFault,
    invokeAsync: (arn, payload) => lambda.invokeAsync(arn, payload),
    startExecution: (arn, input) => states.start(arn, input),
    onEvent: (event, rules) => log(logFolder, 'events', { ...event, rules }),
  });
  const ssm = createSsm({ stack, hosts: options.hosts, clock, events: bus, faults: options.faults });
  const images = options.images(bus);
  const ecr = createEcr({
    stack,
    images,
    clock,
    downloadUrl: () => endpoint.url,
    importedRepositories: imported(stack),
  });
  const ec2 = createEc2({ stack, hosts: () => options.hosts, volumes: options.volumes, clock });
  const states: StatesService = new StatesService({
    stack,
    clock,
    authorize,
    events: bus,
    invoke: (name, payload) => lambda.invoke(name, payload),
    functionArn: (name) => lambda.functionArn(name),
    onEvent: (execution, event) => {
      log(logFolder, 'executions', { execution: execution.name, ...event });
      options.onHistory?.(execution.arn, event);
    },
  });
  const cloudwatch = new CloudWatchService({ stack, clock, events: bus });
  const calls: WireCall[] = [];
  const onCall = (call: WireCall) => {
    calls.push(call);
    log(logFolder, 'aws-calls', call);
  };
  const sts = createSts({ stack, clock, credentials, identityProviders: options.identityProviders });
  const services = [await createDynamoDb(stack), ssm, ecr, ec2, cloudwatch, states, sts];
  const routes = [ecr.serveLayer.bind(ecr)];
  const wire = createWire({
    services,
    credentials,
    authorizer,
    onCall,
    routes,
    fault: options.callFault,
    clock,
  });
  const endpoint = await wire.listen();
  const credentialsFor = (arn: string) => credentials.credentialsFor(arn);
  const lambda: Lambda = new Lambda({
    stack,
    place: { endpointUrl: endpoint.url, credentialsFor },
    clock,
    logFolder,
    fault: options.functionFault,
    clockOffset: options.clockOffset,
  });
  bus.start();

  return {
    stack,
    events: bus,
    states,
    ssm,
    ecr,
    cloudwatch,
    bus,
    lambda,
    wire,
    credentials,
    authorize,
    calls,
    ledger: personalLedger(stack, endpoint.url, credentials),
    stateMachineArn: states.machines[0]!.arn,
    endpointUrl: endpoint.url,
    get busy() {
      return lambda.isBusy || wire.isBusy || ssm.isBusy;
    },
    async close() {
      bus.close();
      await states.close();
      ssm.close();
      await lambda.close();
      await endpoint.close();
    },
  };
}

/** A host that somebody brought carries the managed policies that the stack puts out for hosts, not those for pushes. */
export function hostRole(stack: DeployedStack, arn: string): ExistingRole {
  const policies = stack.resources.filter(
    ({ type, properties }) =>
      type === 'AWS::IAM::ManagedPolicy' && String(properties.Description).startsWith('EdgePaaS hosts of '),
  );
  if (policies.length === 0) throw new Error('the stack has no managed policy for hosts');
  return { arn, managedPolicyArns: policies.map((policy) => policy.arn) };
}

/** Repositories that the configuration imports are there before the stack: whatever the push rules name. */
function imported(stack: DeployedStack): string[] {
  const patterns = stack.resources
    .filter(({ type }) => type === 'AWS::Events::Rule')
    .map(
      ({ properties }) =>
        properties.EventPattern as { detail?: { 'repository-name'?: string[] } } | undefined,
    );
  return patterns.flatMap((pattern) => pattern?.detail?.['repository-name'] ?? []);
}

function personalLedger(stack: DeployedStack, endpoint: string, credentials: CredentialRegistry): Ledger {
  const table = stack.resources.find(({ type }) => type === 'AWS::DynamoDB::Table');
  if (!table) throw new Error('the stack has no DynamoDB table');
  const client = new DynamoDBClient({ endpoint, region, credentials: credentials.credentialsFor(person) });
  return new Ledger(DynamoDBDocumentClient.from(client), table.ref);
}

function log(folder: string, name: string, entry: object): void {
  appendFileSync(join(folder, `${name}.jsonl`), `${JSON.stringify(entry)}\n`);
}
