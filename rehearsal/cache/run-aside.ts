import { runCommand } from '../host/real/run-command.ts';
import { scriptPath } from './recipe.ts';

/** Of setpriv: what a script mounts goes with its namespaces, and if this process is killed, all of it ends. */
export const aside = [
  ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--kill-child'],
];

/** Runs a script of this folder to its end. */
export function runAside(
  script: string,
  args: readonly string[],
  variables: Record<string, string>,
  signal?: AbortSignal,
): Promise<string> {
  return runCommand('setpriv', [...aside, 'sh', scriptPath(script), ...args], {
    env: { ...process.env, ...variables },
    signal,
    killSignal: 'SIGKILL', // unshare takes no other while it waits
  });
}
