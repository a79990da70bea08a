import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { describe, onTestFinished } from 'vitest';
import { ensurePythonRoot } from '../../../rehearsal/cache/python-root.ts';
import { missingForRealHost } from '../../../rehearsal/host/can-host.ts';
import { makeFastApiLayer } from '../../../rehearsal/images/fastapi-layer.ts';
import { fastApi, type FastApiRelease } from '../../../rehearsal/images/fastapi-release.ts';

const missing = missingForRealHost();

/** Where no root file system can be made and entered, the tests are skipped by name with the reason. */
export function describeInImage(name: string, body: () => void): void {
  const reason = missing.length ? ` (skipped: the image's root needs ${missing.join(' and ')})` : '';
  describe.skipIf(missing.length)(name + reason, body);
}

export type Environment = Readonly<Record<string, string>>;

export interface Installed {
  /** What stands at /app and at /data/sqlite. */
  readonly app: string;
  readonly data: string;
}

export interface Run {
  readonly process: ChildProcess;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface RunningApp extends Run {
  readonly url: string;
  json(path: string): Promise<{ status: number; body: Record<string, unknown> }>;
}

const ofImage = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};
export const onSqlite = { FINAL_DB_MODE: 'sqlite_only', EDGEPAAS_APP: 'shop' };

/** The files of a release, as its image's layer has them; another release may take the data of the one before. */
export async function install(release: FastApiRelease = {}, data = createFolder()): Promise<Installed> {
  const folder = createFolder();
  const layer = await makeFastApiLayer(fastApi.release('v1', release));
  for (const { header, data: content } of await unpackTar(gunzipSync(await layer.read()))) {
    const path = join(folder, header.name);
    mkdirSync(header.type === 'directory' ? path : dirname(path), { recursive: true });
    if (content) writeFileSync(path, content, { mode: header.mode });
  }
  for (const owned of [join(folder, 'app'), data]) chownSync(owned, 10001, 10001);
  return { app: join(folder, 'app'), data };
}

/** Its entrypoint with a command: none is the app itself. */
export async function run(
  installed: Installed,
  environment: Environment,
  command: readonly string[] = [],
  place: 'docker' | 'elsewhere' = 'elsewhere',
): Promise<Run> {
  const { root } = await ensurePythonRoot();
  const script = join(import.meta.dirname, 'enter-image.sh');
  const inside = ['sh', script, root, installed.app, installed.data, place, '/app/entrypoint.sh', ...command];
  const namespace = ['unshare', '--mount', '--propagation', 'private'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...namespace, ...inside], {
    env: { ...ofImage, BUILD_VERSION: 'v1', CONTAINER_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { process: child, ended, stdout: () => said.stdout, stderr: () => said.stderr };
}

/** Resolves when it listens. */
export async function start(installed: Installed, environment: Environment): Promise<RunningApp> {
  const app = await run(installed, environment);
  const url = `http://127.0.0.1:${await readPort(app)}`;
  const json = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { ...app, url, json };
}

async function readPort(app: Run): Promise<number> {
  for await (const line of createInterface({ input: app.process.stdout! })) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    if (event === 'listening') return port;
  }
  throw new Error(`The app ended with ${await app.ended}: ${app.stderr()}`);
}

export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-fastapi-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
