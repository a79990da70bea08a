import type { DeployedResource, DeployedStack } from '../../assembly-types.ts';
import { refuseUnknown } from '../../assembly/refuse-unknown.ts';
import { parsePath } from '../../asl/json-path.ts';
import { compilePattern, type EventMatcher } from '../event-pattern.ts';

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly matches?: EventMatcher;
  readonly everyMilliseconds?: number;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly id: string;
  readonly arn: string;
  readonly kind: 'function' | 'state machine';
  /** For a state machine: the role that must be allowed to start it. */
  readonly roleArn?: string;
  /** JSON text that is sent instead of the event. */
  readonly input?: string;
  /** The part of the event that is sent. */
  readonly inputPath?: string;
  readonly maxAttempts: number;
  readonly maxAgeMilliseconds: number;
  readonly deadLetterQueueArn?: string;
}

const resourceType = 'AWS::Events::Rule';
const ruleProperties = [
  'Description',
  'EventBusName',
  'EventPattern',
  'Name',
  'ScheduleExpression',
  'State',
  'Tags',
  'Targets',
];
const targetProperties = ['Arn', 'DeadLetterConfig', 'Id', 'Input', 'InputPath', 'RetryPolicy', 'RoleArn'];

/** The stack's enabled rules on the default bus; refuses what would be ignored. */
export const readRules = ({ resources }: DeployedStack): Rule[] =>
  resources
    .filter(({ type, properties }) => type === resourceType && properties['State'] !== 'DISABLED')
    .map(readRule);

function readRule({ logicalId, arn, ref, properties }: DeployedResource): Rule {
  const { EventPattern, ScheduleExpression, EventBusName = 'default', Targets = [] } = properties;
  refuseUnknown(properties, ruleProperties, `${logicalId} (${resourceType})`);
  if (EventBusName !== 'default') throw new Error(`${logicalId}: the rehearsal has the default bus only`);
  if (!EventPattern === !ScheduleExpression)
    throw new Error(`${logicalId}: a rule has an EventPattern or a ScheduleExpression`);
  return {
    name: ref,
    arn,
    matches: EventPattern ? compilePattern(EventPattern, `${logicalId}.EventPattern`) : undefined,
    everyMilliseconds: ScheduleExpression ? readRate(String(ScheduleExpression), logicalId) : undefined,
    targets: (Targets as Record<string, unknown>[]).map((target) => readTarget(target, logicalId)),
  };
}

function readTarget(target: Record<string, unknown>, logicalId: string): Target {
  refuseUnknown(target, targetProperties, `${logicalId}.Targets`);
  const { Id, Arn, RoleArn, Input, InputPath } = target;
  const { MaximumRetryAttempts = 185, MaximumEventAgeInSeconds = 86_400 } = (target['RetryPolicy'] ??
    {}) as Record<string, number>;
  const { Arn: deadLetterQueueArn } = (target['DeadLetterConfig'] ?? {}) as { Arn?: string };
  if (Input !== undefined) JSON.parse(String(Input));
  if (InputPath !== undefined) parsePath(String(InputPath));
  return {
    id: String(Id),
    arn: String(Arn),
    kind: kindOf(String(Arn), logicalId),
    roleArn: RoleArn === undefined ? undefined : String(RoleArn),
    input: Input === undefined ? undefined : String(Input),
    inputPath: InputPath === undefined ? undefined : String(InputPath),
    maxAttempts: MaximumRetryAttempts + 1,
    maxAgeMilliseconds: MaximumEventAgeInSeconds * 1000,
    deadLetterQueueArn,
  };
}

function kindOf(arn: string, logicalId: string): Target['kind'] {
  if (/^arn:aws:lambda:[^:]*:[^:]*:function:/.test(arn)) return 'function';
  if (/^arn:aws:states:[^:]*:[^:]*:stateMachine:/.test(arn)) return 'state machine';
  throw new Error(`${logicalId}: the rehearsal cannot send events to ${arn}`);
}

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function readRate(expression: string, logicalId: string): number {
  const [, count, unit] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (!count || !unit) throw new Error(`${logicalId}: ${expression} is not supported, only rate(...) is`);
  return Number(count) * units[unit]!;
}
