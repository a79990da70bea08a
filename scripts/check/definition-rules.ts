import { failureIds } from '../../contracts/failure.ts';

/** As much of the Amazon States Language as the rules look at. */
export interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Parameters?: unknown;
  readonly ItemSelector?: unknown;
  readonly ResultSelector?: unknown;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly HeartbeatSeconds?: number;
  readonly Default?: string;
  readonly Retry?: readonly Matcher[];
  readonly Catch?: readonly Matcher[];
  readonly ItemProcessor?: Definition;
  readonly Branches?: readonly Definition[];
}
interface Matcher {
  readonly ErrorEquals: readonly string[];
}
export interface Definition {
  readonly States: Readonly<Record<string, State>>;
  readonly TimeoutSeconds?: number;
}

/** Where a failure is all that is left, the execution fails, and its status event starts the closing. */
const lastWords = ['CloseDeployment'];

/** Errors that Step Functions and Lambda name; every other one must be a failure id, or of AWS's calls. */
const serviceErrors = /^(States\.[A-Za-z]+|Lambda\.[A-Za-z]+|Sandbox\.Timedout|Runtime\.ExitError)$/;

/** What throttles a Lambda's call, and what failed on AWS's side, as DynamoDB, EC2, ECR, SSM, Step Functions and CloudWatch call it. */
export const callErrors: readonly string[] = [
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'InternalError',
  'InternalServerError',
  'InternalServiceFault',
  'ServerException',
  'ServiceUnavailable',
  'Unavailable',
  'TimeoutError',
];

/** What asl-validator does not see, one line a problem, beginning with the state's name. */
export function findProblems(definition: Definition): string[] {
  const problems = definition.TimeoutSeconds ? [] : ['the state machine has no TimeoutSeconds'];
  return [...problems, ...problemsIn(definition, false)];
}

function problemsIn({ States }: Definition, guarded: boolean): string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    const caught = guarded || catchesAll(state) || lastWords.includes(name);
    const own = rules
      .flatMap((rule) => rule(state))
      .concat(caught || state.Type !== 'Task' ? [] : [notCaught]);
    const inner = [state.ItemProcessor, ...(state.Branches ?? [])].filter((part) => part !== undefined);
    return [
      ...own.map((problem) => `${name} ${problem}`),
      ...inner.flatMap((part) => problemsIn(part, caught)),
    ];
  });
}

const notCaught = 'fails without a Catch for States.ALL, its own or that of a Map around it';
const catchesAll = ({ Catch = [] }: State) =>
  Catch.some(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));

const rules: readonly ((state: State) => string[])[] = [
  checkTimeouts,
  checkToken,
  checkPaths,
  checkMatchers,
  checkDefault,
];

function checkTimeouts({ Type, TimeoutSeconds, TimeoutSecondsPath, HeartbeatSeconds }: State): string[] {
  if (Type !== 'Task') return [];
  if (TimeoutSeconds === undefined && !TimeoutSecondsPath)
    return ['has no TimeoutSeconds: it could wait for a year'];
  const beats =
    HeartbeatSeconds === undefined || TimeoutSeconds === undefined || HeartbeatSeconds < TimeoutSeconds;
  return beats ? [] : ['has HeartbeatSeconds that are not below its TimeoutSeconds'];
}

function checkToken({ Resource = '', Parameters }: State): string[] {
  const waits = Resource.endsWith('.waitForTaskToken');
  const tells = (JSON.stringify(Parameters) ?? '').includes('$$.Task.Token');
  if (waits && !tells) return ['waits for a task token that it tells nobody'];
  return tells && !waits ? ['tells a task token that it does not wait for'] : [];
}

/** `"x": "$.a"` is the text "$.a"; only `"x.$": "$.a"` is what the path finds. */
function checkPaths(state: State): string[] {
  const plain = [state.Parameters, state.ItemSelector, state.ResultSelector].flatMap((part) =>
    plainPaths(part),
  );
  return plain.map((key) => `has a path under "${key}", which needs the name "${key}.$"`);
}

function plainPaths(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isPath = typeof inner === 'string' && /^(\$\.|\$\$\.|\$$|\$\[|States\.\w+\()/.test(inner);
    return isPath && !key.endsWith('.$') ? [key] : plainPaths(inner);
  });
}

function checkMatchers({ Retry = [], Catch = [] }: State): string[] {
  return [
    ...outOfPlace(Retry, 'Retry'),
    ...outOfPlace(Catch, 'Catch'),
    ...unknownErrors([...Retry, ...Catch]),
  ];
}

function outOfPlace(matchers: readonly Matcher[], field: string): string[] {
  const wrong = matchers.some(
    ({ ErrorEquals }, index) =>
      ErrorEquals.includes('States.ALL') && (ErrorEquals.length > 1 || index < matchers.length - 1),
  );
  return wrong ? [`has a ${field} for States.ALL that is not alone and last`] : [];
}

function unknownErrors(matchers: readonly Matcher[]): string[] {
  const named = new Set(matchers.flatMap(({ ErrorEquals }) => ErrorEquals));
  const known = (name: string) => serviceErrors.test(name) || [...callErrors, ...failureIds].includes(name);
  return [...named].filter((name) => !known(name)).map((name) => `matches ${name}, which is no failure id`);
}

function checkDefault({ Type, Default }: State): string[] {
  return Type === 'Choice' && !Default ? ['is a Choice without a Default'] : [];
}
