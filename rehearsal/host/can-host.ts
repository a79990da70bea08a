import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../cache/folders.ts';

const programs = [
  'unshare',
  'nsenter',
  'setpriv',
  'mount',
  'losetup',
  'ip',
  'awk',
  'find',
  'chroot',
  'mkfs.ext4',
];
/** Of the servers that a host looks for on its gateway: packages, and AWS under its own names. */
const gatewayPorts = [80, 443];

/** What this machine lacks to hold a real host, in words that complete "a real host needs ..."; empty if it lacks nothing. */
export function missingForRealHost(): string[] {
  if (process.platform !== 'linux') return ['Linux'];
  if (process.getuid?.() !== 0) return ['root'];
  const absent = programs.filter((program) => !hasProgram(program));
  if (absent.length) return [`the programs ${absent.join(', ')}`];
  return [...missingDebootstrap(), ...takenPorts(), ...tryKernel()];
}

function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

function missingDebootstrap(): string[] {
  const canFetch = hasProgram('apt-get') && hasProgram('dpkg-deb');
  return hasProgram('debootstrap') || canFetch ? [] : ['the program debootstrap'];
}

/** A server on all addresses of the machine leaves no room on the gateway's. */
function takenPorts(): string[] {
  const listeners = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/net/${name}`, 'utf8')).join('\n');
  return gatewayPorts
    .filter((port) => new RegExp(`: 0+:${hex(port)} 0+:0000 0A `).test(listeners))
    .map((port) => `port ${port} free of a server that listens on all addresses`);
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Each means is tried, not looked up: containers often forbid what their kernel can do. */
function tryKernel(): string[] {
  mkdirSync(cacheRoot, { recursive: true });
  const tried = spawnSync('sh', [join(import.meta.dirname, 'real', 'try-kernel.sh'), cacheRoot], {
    encoding: 'utf8',
  });
  return tried.stdout.split('\n').filter(Boolean);
}
