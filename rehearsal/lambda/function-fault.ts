/** What happens to one invocation of a function. */
export type FunctionFault =
  /** Lambda refuses it, as when its concurrency is used up. */
  | 'throttle'
  /** Its process is killed in the middle of its work: when AWS has answered its first call, or at its end if it makes none. */
  | 'crash'
  /** Killed when AWS has answered so many of its calls. */
  | { readonly crashAfterCalls: number };

/** Asked for each attempt of an invocation; the handler's name is that of its file, such as `run-phase`. */
export type AskFunctionFault = (handler: string, payload: string) => FunctionFault | undefined;

/** After how many answers of AWS the process is to die; undefined to let it live. */
export function callsUntilCrash(fault: FunctionFault | undefined): number | undefined {
  if (fault === 'crash') return 1;
  return typeof fault === 'object' ? fault.crashAfterCalls : undefined;
}
