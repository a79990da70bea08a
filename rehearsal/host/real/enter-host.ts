import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { runCommand } from './run-command.ts';

const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd'];

/**
 * Starts a program in a process group of its own and waits for its end. nsenter itself would, when its child is stopped,
 * stop too; and a host that shuts down stops all processes for a moment, of which nsenter is none, so that nobody would
 * ever wake it, and the host's PID 1 could not end before nsenter had reaped its child. It ends as the program did, by a
 * signal too.
 */
const waiter = `defined(my $child = fork) or die;
  if (!$child) { setpgrp; exec @ARGV; exit 127 }
  waitpid $child, 0;
  kill $? & 127, $$ if $? & 127;
  exit $? >> 8`;

/** Arguments of nsenter that run a program inside; `pid` is the host's PID 1 as this machine counts. */
export function enterHost(pid: number, command: readonly string[]): string[] {
  return ['--target', String(pid), ...namespaces, '--no-fork', 'perl', '-e', waiter, ...command];
}

export function runInside(
  pid: number,
  command: readonly string[],
  options: { timeout?: number } = {},
): Promise<string> {
  return runCommand('nsenter', enterHost(pid, command), options);
}

/** What a program ended with. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever that is. */
export async function runToEnd(pid: number, command: readonly string[]): Promise<Ended> {
  const child = spawn('nsenter', enterHost(pid, command), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = [text(child.stdout), text(child.stderr)] as const;
  const [code] = (await once(child, 'close')) as [number | null];
  return { exitCode: code ?? 137, stdout: await said[0], stderr: await said[1] };
}
