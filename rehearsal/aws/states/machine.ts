import type { DeployedResource, DeployedStack } from '../../assembly-types.ts';
import { refuseUnknown } from '../../assembly/refuse-unknown.ts';
import type { StateMachine } from '../../asl/definition.ts';
import { loadDefinition } from '../../asl/load-definition.ts';

export interface DeployedMachine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: StateMachine;
}

const resourceType = 'AWS::StepFunctions::StateMachine';

/** Logging, tracing, encryption and tags change nothing that an execution does. */
const knownProperties = [
  'DefinitionString',
  'DefinitionSubstitutions',
  'RoleArn',
  'StateMachineName',
  'StateMachineType',
  'LoggingConfiguration',
  'TracingConfiguration',
  'EncryptionConfiguration',
  'Tags',
];

/** The stack's state machines, their definitions checked to the last field. */
export const readMachines = ({ resources }: DeployedStack): DeployedMachine[] =>
  resources.filter(({ type }) => type === resourceType).map(readMachine);

function readMachine({ logicalId, arn, properties }: DeployedResource): DeployedMachine {
  refuseUnknown(properties, knownProperties, `${logicalId} (${resourceType})`);
  const {
    StateMachineType = 'STANDARD',
    DefinitionString,
    RoleArn,
    DefinitionSubstitutions = {},
  } = properties;
  if (StateMachineType !== 'STANDARD')
    throw new Error(`${logicalId}: the rehearsal runs STANDARD state machines only`);
  if (typeof DefinitionString !== 'string')
    throw new Error(`${logicalId}: DefinitionString must be resolved to text`);
  const text = substitute(DefinitionString, DefinitionSubstitutions as Record<string, unknown>);
  return { arn, name: arn.split(':').at(-1)!, roleArn: String(RoleArn), definition: load(text, logicalId) };
}

/** CloudFormation replaces ${name} in the text itself. */
const substitute = (text: string, substitutions: Record<string, unknown>) =>
  text.replace(/\$\{([A-Za-z0-9_]+)\}/g, (whole, name: string) =>
    Object.hasOwn(substitutions, name) ? String(substitutions[name]) : whole,
  );

function load(text: string, logicalId: string): StateMachine {
  try {
    return loadDefinition(text);
  } catch (cause) {
    throw new Error(`${logicalId}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
