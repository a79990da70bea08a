import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

/**
 * Waits until a script that is about to start tells its process group by descriptor 3, takes it into the cgroup of the
 * host's agent, and lets it go on. Done from outside, as the kernel lets no process enter a cgroup of a namespace itself.
 */
export function joinAgent(hostName: string, nsenter: ChildProcess, started: (group: number) => void): void {
  const channel = nsenter.stdio[3] as Duplex;
  channel.on('error', () => {}); // the script was killed before it could go on, and its exit code says so
  channel.once('data', (group: Buffer) => {
    started(Number(group.toString()));
    moveChild(hostName, nsenter.pid!);
    channel.end('joined\n');
  });
}

function moveChild(hostName: string, parent: number): void {
  try {
    // As this machine counts: inside, the same process has another pid.
    const pid = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim();
    for (const members of agentCgroups(hostName)) writeFileSync(members, pid);
  } catch {
    // The host is going down: the script, the agent or their cgroup is no more.
  }
}

function agentCgroups(hostName: string): string[] {
  return cgroupMounts()
    .map((mount) => join(mount, hostName, 'system.slice/amazon-ssm-agent.service/cgroup.procs'))
    .filter((path) => existsSync(path));
}

function cgroupMounts(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts
    .map((line) => line.split(' '))
    .flatMap(([, path, type]) => (type?.startsWith('cgroup') ? [path!] : []));
}
