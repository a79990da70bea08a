import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { bundleApp } from '../../rehearsal/images/app-layer.ts';

export interface AppProcess {
  /** Of nothing, if it ended before it listened. */
  readonly url: string;
  readonly process: ChildProcess;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** All that it wrote to stderr. */
  readonly complaint: Promise<string>;
}

/** The bundled app as a container would run it, on a port that the kernel chose. */
export async function startAppProcess(environment: Record<string, string>): Promise<AppProcess> {
  const variables = { BUILD_VERSION: 'v1', CONTAINER_PORT: '0', ...environment };
  const child = spawn(process.execPath, [await writeBundle()], {
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const complaint = text(child.stderr);
  const listening = once(createInterface({ input: child.stdout }), 'line').then(
    ([line]) => (JSON.parse(line as string) as { port: number }).port,
  );
  const port = await Promise.race([listening, ended]);
  return { url: `http://127.0.0.1:${port}`, process: child, ended, complaint };
}

async function writeBundle(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-app-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'server.cjs');
  writeFileSync(path, await bundleApp());
  return path;
}
