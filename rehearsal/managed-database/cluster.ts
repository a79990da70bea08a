import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../cache/tools.ts';
import { createCertificateAuthority, type Certificate } from '../host/real/certificate-authority.ts';

/** Of Debian's package postgresql-15, in the tools. */
export const programs = '/usr/lib/postgresql/15/bin';

export interface ClusterOptions {
  readonly imageFolder: string;
  /** Becomes /mnt of the tools. */
  readonly folder: string;
  readonly addresses: readonly string[];
  readonly names?: readonly string[];
  readonly ssl?: boolean;
}

/** Initializes an empty cluster in `data/` of the folder, ready to be started, and gives the PEM of its authority. */
export async function createCluster(options: ClusterOptions): Promise<string> {
  const { imageFolder, folder, addresses, names = [], ssl = true } = options;
  const { authority, server } = await createCertificateAuthority(imageFolder, [
    ...addresses,
    'localhost',
    ...names,
  ]);
  await writeFiles(folder, server, ssl);
  await runTool(imageFolder, folder, ['sh', '-c', initialize, 'sh', programs]);
  return authority;
}

async function writeFiles(folder: string, certificate: Certificate, ssl: boolean): Promise<void> {
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  await write('server.key', certificate.key);
  await write('server.crt', certificate.certificate);
  await write('pg_hba.conf', access(ssl));
  await write('postgresql.conf', settings(ssl));
}

/** The superuser comes by the socket only, which lies in a folder of root's. Others as RDS with rds.force_ssl lets them. */
function access(ssl: boolean): string {
  return `local all postgres trust\n${ssl ? 'hostssl' : 'host'} all all all scram-sha-256\n`;
}

/**
 * Nothing is forced to the disk, as no power cut is rehearsed: a killed server finds in the kernel's cache what it wrote. That
 * holds for what was written, so full_page_writes and synchronous_commit stay on.
 */
function settings(ssl: boolean): string {
  return Object.entries({
    hba_file: '/mnt/pg_hba.conf',
    unix_socket_directories: '/mnt',
    ssl: ssl ? 'on' : 'off',
    ssl_cert_file: '/mnt/server.crt',
    ssl_key_file: '/mnt/server.key',
    password_encryption: 'scram-sha-256',
    fsync: 'off',
    jit: 'off',
    max_connections: '50',
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    // Not in the machine's /dev/shm, where a killed server would leave it.
    dynamic_shared_memory_type: 'mmap',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_connections: 'on',
    log_disconnections: 'on',
  })
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('');
}

/** PostgreSQL refuses to run as root, so all of the folder becomes its own user's. */
const initialize = `
  set -eu
  chown -R postgres:postgres .
  setpriv --reuid postgres --regid postgres --clear-groups env TZ=UTC "$1/initdb" --pgdata=data --username=postgres \
    --auth=trust --encoding=UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync --no-instructions
`;
