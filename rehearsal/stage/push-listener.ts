import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Push, registryNotifications } from '../aws/ecr-events.ts';
import { closeServer } from './close-server.ts';

/** Hears what the registry reports, and remembers when it did. */
export class PushListener {
  handler: ReturnType<typeof registryNotifications> | undefined;
  readonly #server: Server = createServer((request, response) => this.handler?.(request, response));
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, (at: number) => void>();

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  note({ digest, tag }: Push): void {
    const at = Date.now();
    this.#seen.set(`${tag}@${digest}`, at);
    this.#waiting.get(`${tag}@${digest}`)?.(at);
  }

  /** The latest time at which this push was reported. */
  async seen(digest: string, tag: string): Promise<number> {
    const key = `${tag}@${digest}`;
    const at =
      this.#seen.get(key) ?? (await new Promise<number>((resolve) => this.#waiting.set(key, resolve)));
    this.#seen.delete(key);
    this.#waiting.delete(key);
    return at;
  }

  close = () => closeServer(this.#server);
}
