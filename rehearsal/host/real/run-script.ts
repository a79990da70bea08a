import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScriptResult, ScriptRun } from '../host.ts';
import { enterHost } from './machine.ts';

export interface ScriptHost {
  readonly pid: number;
  readonly instanceId: string;
  readonly region: string;
}

const agentPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs one step of a document as the SSM agent does: from a file on the host's disk, by `sh -c <path>`, without HOME,
 * in a process group of its own that is killed when the time is up, finished only when its output is closed.
 */
export async function runAsAgent(host: ScriptHost, run: ScriptRun): Promise<ScriptResult> {
  const path = await writeScript(host, run);
  const environment = Object.entries(agentEnvironment(host, run)).map(([name, value]) => `${name}=${value}`);
  const start = ['env', '-i', ...environment, 'setsid', 'sh', '-c', path];
  const shell = `umask 0022; exec "$@"`;
  return superviseScript([...enterHost(host.pid), 'sh', '-c', shell, 'sh', ...start], run.timeoutSeconds);
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

function superviseScript(args: readonly string[], timeoutSeconds: number): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    let timedOut = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const timer = setTimeout(() => {
      timedOut = true;
      killScript(child.pid!);
    }, timeoutSeconds * 1000);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const exitCode = timedOut || signal ? 137 : (code ?? 137);
      resolve({ exitCode, timedOut: timedOut || exitCode === 137, ...output });
    });
  });
}

/** The script leads its own group, and is the one child of nsenter. */
function killScript(nsenterPid: number): void {
  const child = Number(readFileSync(`/proc/${nsenterPid}/task/${nsenterPid}/children`, 'utf8').trim());
  if (child) process.kill(-child, 'SIGKILL');
}
