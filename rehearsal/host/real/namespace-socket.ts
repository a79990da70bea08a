import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Server } from 'node:net';

/** Binds in a network namespace of its own and hands the socket to its parent. */
const binder = `
  const { execFileSync } = require('node:child_process');
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('ip', ['address', 'add', process.argv[1] + '/32', 'dev', 'lo']);
  require('node:fs').writeFileSync('/proc/sys/net/ipv4/ip_default_ttl', process.argv[3]);
  const server = require('node:net').createServer();
  server.listen(Number(process.argv[2]), process.argv[1], () => process.send('listening', server));
  process.on('disconnect', () => process.exit());
`;

export interface NamespaceSocket {
  /** Takes the place of a port in `listen()`: this process serves, in the other namespace. */
  readonly socket: Server;
  /** Of the namespace, for `nsenter --net` and `ip link set ... netns`. */
  readonly path: string;
  close(): void;
}

/** A network namespace that holds nothing but one listening socket; it is gone when this process is. */
export async function openNamespaceSocket(
  address: string,
  port: number,
  timeToLive: number,
): Promise<NamespaceSocket> {
  const args = ['--net', process.execPath, '-e', binder, address, String(port), String(timeToLive)];
  const child = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk));
  const socket = await new Promise<Server>((resolve, reject) => {
    child.once('message', (_, handle) => resolve(handle as Server));
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`cannot listen in a network namespace: ${said}`)));
  });
  const descriptor = openSync(`/proc/${child.pid}/ns/net`, 'r');
  child.disconnect();
  return { socket, path: `/proc/${process.pid}/fd/${descriptor}`, close: () => closeSync(descriptor) };
}
