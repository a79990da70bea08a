import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startTool } from '../../cache/tools.ts';
import { createScratchFolder } from './run-folder.ts';

export interface Registry {
  /** Plain HTTP on this machine alone; any client may push there. */
  readonly url: string;
  close(): Promise<void>;
}

/** Debian's docker-registry, which posts an envelope of events to `notifyUrl`, if there is one, when a manifest is pushed. */
export async function startRegistry(imageFolder: string, notifyUrl?: string): Promise<Registry> {
  const folder = createScratchFolder('registry-');
  await writeFile(join(folder, 'config.yml'), JSON.stringify(configuration(notifyUrl))); // JSON is YAML
  const registry = startTool(
    imageFolder,
    folder,
    ['docker-registry', 'serve', 'config.yml'],
    ['ignore', 'ignore', 'pipe'],
  );
  const close = () => stopRegistry(registry, folder);
  try {
    return { url: `http://${await readAddress(registry)}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** https://distribution.github.io/distribution/about/configuration/ */
function configuration(notifyUrl: string | undefined): object {
  const endpoint = { name: 'rehearsal', url: notifyUrl, timeout: '5s', threshold: 10, backoff: '100ms' };
  const endpoints = [{ ...endpoint, ignore: { mediatypes: ['application/octet-stream'] } }];
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: '/mnt/storage' }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', secret: 'rehearsal' },
    notifications: { endpoints: notifyUrl ? endpoints : [] },
  };
}

/** The registry logs the port that it was given. */
function readAddress(registry: ChildProcess): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: registry.stderr! }).on('line', (line) => {
      said.push(line);
      const listening = /listening on (127\.0\.0\.1:\d+)/.exec(line);
      if (listening?.[1]) resolve(listening[1]);
    });
    registry.once('exit', () =>
      reject(new Error(`The registry did not start: ${said.slice(-5).join('\n')}`)),
    );
  });
}

async function stopRegistry(registry: ChildProcess, folder: string): Promise<void> {
  if (registry.exitCode === null && registry.signalCode === null) {
    registry.kill('SIGKILL');
    await once(registry, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
}
