import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { ScriptResult, ScriptRun } from '../host.ts';
import { enterHost } from './machine.ts';
import { joinAgent } from './agent-cgroup.ts';
import { runCommand } from './run-command.ts';

export interface ScriptHost {
  /** Of its cgroups. */
  readonly name: string;
  /** Of the host's PID 1. */
  readonly pid: number;
  readonly instanceId: string;
  readonly region: string;
}

const agentPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const killedExitCode = 137;

/**
 * Tells its pid, which stays the script's and so its process group's through all that follows, and waits to be taken into
 * the agent's cgroup.
 */
const prologue = 'cd /usr/bin; umask 0022; echo $$ >&3; read -r _ <&3; exec 3>&-; exec "$@"';

/**
 * Runs one step of a document as the SSM agent does: from a file on the host's disk, by `sh -c <path>`, without HOME,
 * in a process group of its own that is killed when the time is up, finished only when its output is closed.
 */
export async function runAsAgent(host: ScriptHost, run: ScriptRun): Promise<ScriptResult> {
  const path = await writeScript(host, run);
  const environment = Object.entries(agentEnvironment(host, run)).map(([name, value]) => `${name}=${value}`);
  const start = ['env', '-i', ...environment, 'setsid', 'sh', '-c', path];
  return superviseScript(host, ['sh', '-c', prologue, 'sh', ...start], run.timeoutSeconds);
}

async function writeScript(host: ScriptHost, run: ScriptRun): Promise<string> {
  const folder = `/var/lib/amazon/ssm/${host.instanceId}/document/orchestration/${run.commandId}/${run.stepName}`;
  const path = join(folder, '_script.sh');
  const outside = `/proc/${host.pid}/root`;
  await mkdir(join(outside, folder), { recursive: true, mode: 0o700 });
  await writeFile(join(outside, path), run.script, { mode: 0o700 });
  return path;
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

function superviseScript(
  host: ScriptHost,
  command: readonly string[],
  timeoutSeconds: number,
): Promise<ScriptResult> {
  const args = [...enterHost(host.pid), ...command];
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true });
  const group = joinAgent(host.name, child);
  const [, stdout, stderr] = child.stdio.map(collect);
  let timedOut = false;
  const expire = () => {
    timedOut = true;
    void group.then((id) => killGroup(host, id));
  };
  const timer = setTimeout(expire, timeoutSeconds * 1000);
  return finish(child).then((code) => {
    clearTimeout(timer);
    const exitCode = timedOut ? killedExitCode : code;
    // The agent takes 137 for its own kill, whoever returned it.
    return { exitCode, timedOut: exitCode === killedExitCode, stdout: stdout!(), stderr: stderr!() };
  });
}

function collect(stream: Readable | Writable | null | undefined): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function finish(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? killedExitCode));
  });
}

/** From inside, so that the group is found even when the script has ended and only a background child holds its output. */
async function killGroup(host: ScriptHost, group: number): Promise<void> {
  const kill = [...enterHost(host.pid), 'kill', '-KILL', '--', `-${group}`];
  await runCommand('nsenter', kill).catch(() => {}); // it has ended at the last moment
}
