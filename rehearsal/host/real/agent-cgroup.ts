import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

/**
 * Waits until a script that is about to start tells its process group by descriptor 3, takes it into the cgroup of the
 * host's agent, and lets it go on. Done from outside, as the kernel lets no process enter a cgroup of a namespace itself.
 */
export function joinAgent(hostName: string, nsenter: ChildProcess): Promise<number> {
  const channel = nsenter.stdio[3] as Duplex;
  return new Promise((resolve) => {
    channel.once('data', (group: Buffer) => {
      // What nsenter started, as this machine counts: inside, the same process has another pid.
      const pid = readFileSync(`/proc/${nsenter.pid}/task/${nsenter.pid}/children`, 'utf8').trim();
      for (const members of agentCgroups(hostName)) writeFileSync(members, pid);
      channel.end('joined\n');
      resolve(Number(group.toString()));
    });
  });
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
