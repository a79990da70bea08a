import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { HostDownError, type RunningScript, type ScriptResult, type ScriptRun } from '../host.ts';
import { joinAgent } from './agent-cgroup.ts';
import { enterHost, runInside } from './enter-host.ts';

export interface ScriptHost {
  /** Of its cgroups. */
  readonly name: string;
  /** Of the host's PID 1. */
  readonly pid: number;
  readonly instanceId: string;
  readonly region: string;
}

/** Where the agent keeps what it is to run. */
export function orchestrationFolder(instanceId: string): string {
  return `/var/lib/amazon/ssm/${instanceId}/document/orchestration`;
}

const agentPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const killedExitCode = 137;
/** Of a script that a signal ended which is not the agent's own. Source: the agent's executers.go, and Go's WaitStatus. */
const signalledExitCode = -1;

/**
 * Tells its pid, which stays the script's and so its process group's through all that follows, and waits to be taken into
 * the agent's cgroup.
 */
const prologue = 'cd /usr/bin; umask 0022; echo $$ >&3; read -r _ <&3; exec 3>&-; exec "$@"';

/**
 * Runs one step of a document as the SSM agent does: from a file on the host's disk, by `sh -c <path>`, without HOME,
 * in a process group of its own that is killed when the time is up, finished only when its output is closed.
 */
export async function runAsAgent(
  host: ScriptHost,
  run: ScriptRun,
  onStart: (script: RunningScript) => void,
): Promise<ScriptResult> {
  const path = await writeScript(host, run);
  const environment = Object.entries(agentEnvironment(host, run)).map(([name, value]) => `${name}=${value}`);
  const start = ['env', '-i', ...environment, 'sh', '-c', path];
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const started = (group: number) => onStart({ run, ended, kill: () => killGroup(host, group) });
  const command = ['sh', '-c', prologue, 'sh', ...start];
  return superviseScript(host, command, run.timeoutSeconds, started).finally(end);
}

/** Folder by folder: `recursive` never ends under /proc/<pid>, should that process be gone. */
async function writeScript(host: ScriptHost, run: ScriptRun): Promise<string> {
  const folder = join(orchestrationFolder(host.instanceId), run.commandId, run.stepName);
  const outside = join(`/proc/${host.pid}/root`, folder);
  try {
    for (const part of [dirname(outside), outside]) await mkdir(part, { mode: 0o700 }).catch(ignoreExisting);
    await writeFile(join(outside, '_script.sh'), run.script, { mode: 0o700 });
  } catch (error) {
    throw new HostDownError(`${host.instanceId} takes no script`, { cause: error });
  }
  return join(folder, '_script.sh');
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function agentEnvironment(host: ScriptHost, run: ScriptRun): Record<string, string> {
  return {
    PATH: agentPath,
    AWS_SSM_INSTANCE_ID: host.instanceId,
    AWS_SSM_REGION_NAME: host.region,
    AWS_SSM_PLATFORM_NAME: 'Debian GNU/Linux',
    AWS_SSM_PLATFORM_VERSION: '12',
    SSM_COMMAND_ID: run.commandId,
    ...run.environment,
  };
}

async function superviseScript(
  host: ScriptHost,
  command: readonly string[],
  timeoutSeconds: number,
  onStart: (group: number) => void,
): Promise<ScriptResult> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'pipe'];
  const child = spawn('nsenter', enterHost(host.pid, command), { stdio, detached: true });
  const [, stdout, stderr] = child.stdio.map(collect);
  let group: number | undefined;
  joinAgent(host.name, child, (started) => onStart((group = started)));
  let timedOut = false;
  const expire = () => {
    timedOut = true;
    if (group) void killGroup(host, group);
  };
  const timer = setTimeout(expire, timeoutSeconds * 1000);
  const { code, signal } = await finish(child);
  clearTimeout(timer);
  if (!group) throw new HostDownError(`${host.instanceId} did not start a script: ${stderr!().trim()}`);
  const output = { stdout: stdout!(), stderr: stderr!() };
  if (signal && !timedOut) return { exitCode: signalledExitCode, timedOut, signal, ...output };
  const exitCode = timedOut ? killedExitCode : code!;
  // The agent takes 137 for its own kill, whoever returned it.
  return { exitCode, timedOut: exitCode === killedExitCode, ...output };
}

function collect(stream: Readable | Writable | null | undefined): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function finish(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

/** From inside, so that the group is found even when the script has ended and only a background child holds its output. */
async function killGroup(host: ScriptHost, group: number): Promise<void> {
  await runInside(host.pid, ['kill', '-KILL', '--', `-${group}`]).catch(() => {}); // it has ended at the last moment
}
