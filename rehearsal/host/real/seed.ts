import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import { release } from '../../cache/recipe.ts';
import type { HostAddresses } from './addresses.ts';
import type { RealHostOptions } from './host-options.ts';
import { orchestrationFolder } from './run-script.ts';

/** The name under which a host finds the package repositories of the rehearsal; see package-host.ts. */
export const packageHostName = 'packages.rehearsal.internal';

const mirrorKey = '/etc/apt/keyrings/debian-mirror.gpg';

/** Stands for the SSM agent: scripts run as its children, so a shutdown ends them before the system waits for them. */
const agentUnit = '[Service]\nExecStart=/bin/sleep infinity\n';
const agentUnitPath = '/etc/systemd/system/amazon-ssm-agent.service';

/** What a cloud would write on an instance before its first boot. */
export async function writeSeed(
  seed: string,
  name: string,
  options: RealHostOptions,
  addresses: HostAddresses,
  image: BaseImage,
): Promise<void> {
  const source = `deb [signed-by=${mirrorKey}] http://${packageHostName}/debian ${image.release ?? release} main\n`;
  await writeFiles(seed, {
    '/etc/hostname': `${name}\n`,
    '/etc/machine-id': `${randomBytes(16).toString('hex')}\n`,
    '/etc/hosts': hostsFile(name, options, addresses),
    '/etc/apt/sources.list': source,
    [agentUnitPath]: agentUnit,
    ...(await trustFiles(image, options.trustedAuthority)),
  });
  await enableUnit(seed, agentUnitPath);
  await mkdir(join(seed, orchestrationFolder(options.instanceId)), { recursive: true });
  await mkdir(dirname(join(seed, mirrorKey)), { recursive: true });
  await copyFile(join(image.packages, 'debian-mirror-key.gpg'), join(seed, mirrorKey));
}

async function enableUnit(seed: string, path: string): Promise<void> {
  const wanted = join(seed, dirname(path), 'multi-user.target.wants');
  await mkdir(wanted);
  await symlink(path, join(wanted, basename(path)));
}

function hostsFile(name: string, options: RealHostOptions, addresses: HostAddresses): string {
  const names = {
    localhost: '127.0.0.1',
    [name]: '127.0.1.1',
    [packageHostName]: null,
    ...options.extraHosts,
  };
  return Object.entries(names)
    .map(([host, address]) => `${address ?? addresses.gateway} ${host}\n`)
    .join('');
}

/** As update-ca-certificates would leave it, and so that running it again leaves it so. */
async function trustFiles(image: BaseImage, authority: string | undefined): Promise<Record<string, string>> {
  if (!authority) return {};
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  return {
    [bundle]: (await readFile(join(image.base, bundle), 'utf8')) + authority,
    '/usr/local/share/ca-certificates/rehearsal.crt': authority,
  };
}

async function writeFiles(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
