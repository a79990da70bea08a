import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createScratchFolder } from '../host/real/run-folder.ts';
import { createCluster } from './cluster.ts';
import { PortTakenError } from './port-taken-error.ts';
import { candidatePorts } from './ports.ts';
import { runSql } from './run-sql.ts';
import { DatabaseServer } from './server.ts';

/** A real PostgreSQL that stands for the managed one: SSL with an authority of its own, and no connection without it. */
export interface ManagedDatabase {
  /** `postgresql://`, user and password percent-encoded, no `sslmode`. */
  readonly url: string;
  /** The address that hosts and their containers reach; this machine also reaches 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  /** Owns `database`, and is no superuser. */
  readonly user: string;
  /** Has characters that must be percent-encoded in a URL. */
  readonly password: string;
  readonly database: string;
  /** PEM of the authority that signed the server's certificate; clients that verify need it. */
  readonly authority: string;
  /** Runs statements as the superuser, past the network, and gives their rows; NULL is the empty text. */
  query(sql: string, database?: string): Promise<string[][]>;
  /** The URL of another, empty database of the same user. */
  createDatabase(name: string): Promise<string>;
  /** As when its machine fails: every connection is cut at once, and the port refuses. What was committed stays. */
  stop(): Promise<void>;
  /** On the same port with the same data; resolves when it answers. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** As when its machine hangs: connections are taken and nothing is answered, until `resume` or `stop`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Kills one server process by the pid that PostgreSQL knows; resolves when the server, which restarts itself, answers again. */
  killBackend(pid: number): Promise<void>;
  /** The latest 2,000 lines of the server's log: connections, errors with their statements, restarts. */
  log(): string;
  close(): Promise<void>;
}

export interface ManagedDatabaseOptions {
  readonly imageFolder: string;
  /** Of this machine, besides 127.0.0.1. */
  readonly address: string;
  /** Names that its certificate is good for, besides the addresses. */
  readonly names?: readonly string[];
  /** false: an old server that knows no SSL, and takes connections without. */
  readonly ssl?: boolean;
}

const user = 'app';
const database = 'app';

export async function startManagedDatabase(options: ManagedDatabaseOptions): Promise<ManagedDatabase> {
  const folder = createScratchFolder('database-');
  try {
    return await start(options, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function start(options: ManagedDatabaseOptions, folder: string): Promise<ManagedDatabase> {
  const { imageFolder, address: host } = options;
  const addresses = [...new Set([host, '127.0.0.1'])];
  const authority = await createCluster({ ...options, folder, addresses });
  const server = await startOnFreePort(imageFolder, folder, addresses);
  const close = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const password = makePassword();
  const { port } = server;
  const urlOf = (name: string) =>
    `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(name)}`;
  const query = (sql: string, name = database) => runSql({ imageFolder, folder, port, database: name }, sql);
  const createDatabase = async (name: string) => {
    await query(`CREATE DATABASE ${quote(name, '"')} OWNER ${user}`, 'postgres');
    return urlOf(name);
  };
  try {
    await query(`CREATE ROLE ${user} LOGIN PASSWORD ${quote(password, "'")}`, 'postgres');
    const url = await createDatabase(database);
    return {
      ...{ url, host, port, user, password, database, authority, query, createDatabase, close },
      stop: () => server.stop(),
      start: () => server.start(),
      async restart() {
        await server.stop();
        await server.start();
      },
      pause: () => server.signal('STOP'),
      resume: () => server.signal('CONT'),
      killBackend: (pid) => server.killBackend(pid),
      log: () => server.log.join('\n'),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A port that another program takes between the look and the start is only a reason to try the next one. */
async function startOnFreePort(
  imageFolder: string,
  folder: string,
  addresses: readonly string[],
): Promise<DatabaseServer> {
  for await (const port of candidatePorts(addresses)) {
    const server = new DatabaseServer({ imageFolder, folder, addresses, port });
    try {
      await server.start();
      return server;
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
    }
  }
  throw new Error(`No free port for the managed database on ${addresses.join(' and ')}`);
}

/** Hard to guess, and with all that goes wrong where a URL, a shell or a log is careless. */
function makePassword(): string {
  return `p@ss:w/rd?#%&+= $"'\\${randomBytes(12).toString('hex')}`;
}

/** As a literal or an identifier of SQL. */
function quote(text: string, mark: string): string {
  return mark + text.replaceAll(mark, mark + mark) + mark;
}
