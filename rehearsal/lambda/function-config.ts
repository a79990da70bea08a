import { handlerNames, pascalCase } from '../../lib/handler-name.ts';
import type { DeployedResource, DeployedStack } from '../assembly-types.ts';
import { refuseUnknown } from '../assembly/refuse-unknown.ts';

/** A function of the stack, as its process needs it. */
export interface FunctionConfig {
  readonly logicalId: string;
  /** That of its file, such as `run-phase`; the logical id of a function that is none of EdgePaaS's own. */
  readonly handlerName: string;
  readonly name: string;
  readonly arn: string;
  /** Such as `index.handler`. */
  readonly handler: string;
  /** Where its bundle lies. */
  readonly folder: string;
  readonly runtime: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Told to the function, but not enforced. */
  readonly memoryMegabytes: number;
  /** Invocations beyond it are throttled, as on AWS; none means no limit of its own. */
  readonly reservedConcurrency?: number;
}

const resourceType = 'AWS::Lambda::Function';

/** Tracing, logging, architecture and tags change nothing that a function does here. */
const knownProperties = [
  'Architectures',
  'Code',
  'Description',
  'Environment',
  'FunctionName',
  'Handler',
  'KmsKeyArn',
  'LoggingConfig',
  'MemorySize',
  'ReservedConcurrentExecutions',
  'Role',
  'Runtime',
  'RuntimeManagementConfig',
  'Tags',
  'Timeout',
  'TracingConfig',
];

/** Variables that Lambda sets itself and lets no function set. Source: Lambda Developer Guide, "Defined runtime environment variables". */
const reserved =
  /^(AWS_LAMBDA_(?!EXEC_WRAPPER$)|AWS_(REGION|DEFAULT_REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|EXECUTION_ENV)$|_HANDLER$|LAMBDA_)/;

export const readFunctions = (stack: DeployedStack): FunctionConfig[] =>
  stack.resources
    .filter(({ type }) => type === resourceType)
    .map((resource) => readFunction(resource, stack));

function readFunction(
  { logicalId, ref, arn, properties }: DeployedResource,
  stack: DeployedStack,
): FunctionConfig {
  const refuse = (problem: string): never => {
    throw new Error(`${logicalId}: ${problem}`);
  };
  refuseUnknown(properties, knownProperties, `${logicalId} (${resourceType})`);
  const runtime = String(properties['Runtime']);
  if (!runtime.startsWith('nodejs')) refuse(`the rehearsal runs Node functions only, not ${runtime}`);
  const { S3Key } = (properties['Code'] ?? {}) as { S3Key?: string };
  const folder = S3Key === undefined ? refuse('Code must be an asset') : stack.assetFolder(S3Key);
  const reservedConcurrency = properties['ReservedConcurrentExecutions'];
  return {
    logicalId,
    handlerName: handlerNameOf(logicalId),
    name: ref,
    arn,
    handler: String(properties['Handler']),
    folder,
    runtime,
    roleArn: String(properties['Role']),
    environment: readEnvironment(properties, refuse),
    timeoutSeconds: Number(properties['Timeout'] ?? 3),
    memoryMegabytes: Number(properties['MemorySize'] ?? 128),
    ...(reservedConcurrency !== undefined && { reservedConcurrency: Number(reservedConcurrency) }),
  };
}

const handlerNameOf = (logicalId: string): string =>
  handlerNames.find((name) => logicalId.startsWith(`Functions${pascalCase(name)}`)) ?? logicalId;

function readEnvironment(properties: DeployedResource['properties'], refuse: (problem: string) => never) {
  const { Variables = {} } = (properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
  const taken = Object.keys(Variables).find((name) => reserved.test(name));
  if (taken) refuse(`Lambda lets no function set ${taken}`);
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, String(value)]));
}
