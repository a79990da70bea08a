import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runInside } from './enter-host.ts';

/** One boot of a host: from launch until PID 1 of its namespaces ends. */
export interface Boot {
  /** Of the host's PID 1, as this machine counts. */
  readonly pid: number;
  /** Settles when the host is down; with true if it wants to boot again (`systemctl reboot`). */
  readonly ended: Promise<{ wantsReboot: boolean }>;
  stop(): void;
}

const bootTimeoutMilliseconds = 60_000;

/**
 * Starts the namespaces, wires them with `connect`, and gives the host to systemd. Detached, as a Ctrl-C in the terminal
 * would otherwise reach the host's PID 1.
 */
export async function bootHost(
  name: string,
  folder: string,
  connect: (pid: number) => Promise<unknown>,
): Promise<Boot> {
  const args = [join(import.meta.dirname, 'launch.sh'), name, folder];
  const launcher = spawn('sh', args, { stdio: 'pipe', detached: true });
  const stop = () => void launcher.kill('SIGKILL');
  // The kernel tells of a reboot by SIGHUP and of a power-off by SIGINT; see reboot(2).
  const ended = once(launcher, 'exit').then(([, signal]) => ({ wantsReboot: signal === 'SIGHUP' }));
  try {
    const pid = await readPid(launcher);
    await connect(pid);
    launcher.stdin.end('connected\n');
    return { pid, ended, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

async function readPid(launcher: ChildProcess): Promise<number> {
  let said = '';
  launcher.stderr?.on('data', (chunk: Buffer) => (said += chunk));
  return new Promise((resolve, reject) => {
    createInterface({ input: launcher.stdout! }).once('line', (line) => resolve(Number(line)));
    launcher.once('error', reject);
    launcher.once('exit', () => reject(new Error(`The rehearsal host did not start: ${said.trim()}`)));
  });
}

/** Until systemd has started everything it starts at boot. */
export async function awaitBooted(pid: number): Promise<void> {
  const wait =
    'until [ -S /run/systemd/private ]; do sleep 0.02; done; systemctl is-system-running --wait || :';
  await runInside(pid, ['sh', '-c', wait], { timeout: bootTimeoutMilliseconds });
}
