import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BaseImage } from '../../rehearsal/cache/ensure-base-image.ts';
import { insideBuilder } from '../../rehearsal/cache/builder-root.ts';

const program = '/mnt/test/actions/aws-server.py';

export interface AwsServer {
  /** The command, within a builder, that does what `aws` does there, in a fourth of its time. */
  readonly aws: string;
  close(): Promise<void>;
}

/** The builder's AWS CLI, imported once for all calls. */
export async function startAwsServer(builder: BaseImage): Promise<AwsServer> {
  const name = randomUUID();
  const [setpriv, ...parameters] = insideBuilder(builder, ['/usr/bin/python3', program, name]);
  const server = spawn(setpriv!, parameters, {
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' }, // besides its caller's, all that a call sees
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close').then(([code]) =>
    Promise.reject(new Error(`aws-server.py: ended with ${code}`)),
  );
  await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
  return {
    aws: `/usr/bin/python3 -IS ${program} ${name}`,
    async close() {
      server.kill('SIGKILL'); // unshare takes no other while it waits
      await ended.catch(() => {});
    },
  };
}
