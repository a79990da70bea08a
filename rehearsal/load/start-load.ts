import { join } from 'node:path';
import { formatHostHeader } from './address.ts';
import { Child } from './child.ts';
import { startDelayProxy, type DelayProxy } from './delay-proxy.ts';
import type { LoadOptions } from './load-options.ts';
import type { LoadReport } from './load-report.ts';

export interface Load {
  /** Begins a section of the report, from now to the next mark. */
  mark(name: string): Promise<void>;
  /** What has ended so far. */
  snapshot(): Promise<LoadReport>;
  /** Sends nothing new, waits for what is in flight (up to `slowMs` and the timeout), and reports. */
  stop(): Promise<LoadReport>;
  /** Ends the load at once, without a report: for cleaning up. */
  kill(): Promise<void>;
}

/** Constant load of every kind, made by a process of its own; resolves when every stream and socket has been tried once. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const proxy = options.delayMs
    ? await startDelayProxy({ target: options.target, delayMs: options.delayMs })
    : undefined;
  const child = new Child(join(import.meta.dirname, 'load-process.ts'));
  const kill = async () => void (await Promise.all([child.kill(), proxy?.stop()]));
  try {
    await child.call('start', route(options, proxy));
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    mark: (name) => child.call('mark', { name, at: Date.now() }),
    snapshot: () => child.call('snapshot'),
    stop: () => child.call<LoadReport>('stop').finally(kill),
    kill,
  };
}

/** Through the proxy, but still asking for the target by its own name. */
function route(options: LoadOptions, proxy: DelayProxy | undefined): LoadOptions {
  if (!proxy) return options;
  return {
    ...options,
    target: proxy.address,
    hostHeader: options.hostHeader ?? formatHostHeader(options.target),
  };
}
