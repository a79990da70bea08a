/** An error as states report it: caught by name, shown with its cause. */
export class StateError extends Error {
  readonly error: string;
  override readonly cause: string;
  constructor(error: string, cause = '') {
    super(cause);
    this.name = error;
    this.error = error;
    this.cause = cause;
  }
}

/** What a path, intrinsic or comparison that cannot be processed ends an execution with. It is never caught. */
export const runtimeError = (cause: string) => new StateError('States.Runtime', cause);

/** Error names that Step Functions defines and this interpreter can report or match. */
export const reservedErrors = [
  'States.ALL',
  'States.DataLimitExceeded',
  'States.HeartbeatTimeout',
  'States.Permissions',
  'States.ResultPathMatchFailure',
  'States.TaskFailed',
  'States.Timeout',
] as const;

const timeouts = ['States.Timeout', 'States.HeartbeatTimeout'];

/**
 * Whether a Retry or Catch that names these errors takes this one. Where AWS leaves a case open, it does not match: a graph that
 * passes here must not hope. States.Runtime ends an execution whatever is caught; States.DataLimitExceeded is caught by its
 * name alone. Source: Step Functions Developer Guide, "Handling errors".
 */
export function matches(names: readonly string[], { error }: StateError): boolean {
  if (error === 'States.Runtime') return false;
  if (names.includes(error)) return true;
  if (error === 'States.DataLimitExceeded') return false;
  return names.includes('States.ALL') || (names.includes('States.TaskFailed') && !timeouts.includes(error));
}
