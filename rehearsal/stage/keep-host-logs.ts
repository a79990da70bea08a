import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RealHost } from '../host/real/real-host.ts';

const sources: Readonly<Record<string, string>> = {
  'journal.log': 'journalctl --no-pager --boot',
  'nginx.log': 'tail --lines=2000 /var/log/nginx/*.log',
  'docker.log': `docker ps --all; docker ps --all --quiet | while read -r id; do
    echo "== $id"; docker logs --timestamps --tail 500 "$id" 2>&1; done`,
  'state.log': 'grep --recursive --exclude-dir=env "" /var/lib/edgepaas/apps',
};

/** What a person needs to see why a host did what it did, a folder a host. Env files are left out: they hold secrets. */
export async function keepHostLogs(hosts: readonly RealHost[], folder: string): Promise<void> {
  await Promise.all(hosts.map((host) => keepLogsOf(host, join(folder, host.instanceId))));
}

async function keepLogsOf(host: RealHost, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, command] of Object.entries(sources)) {
    const said = await host.exec(['sh', '-c', `{ ${command}; } 2>&1 || true`]).catch(String);
    writeFileSync(join(folder, name), said);
  }
}
