import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 25;
const timeoutMs = 10_000;

/** A request now and then, on a new connection and on kept ones by turns, none of them tried again. */
export class LightLoad {
  sent = 0;
  /** What was lost since it was last asked. */
  #lost: string[] = [];
  readonly #address: string;
  #stopped = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(address: string) {
    this.#address = address;
    this.start();
  }

  start(): void {
    this.#stopped = new AbortController();
    this.#running = this.#run(this.#stopped.signal);
  }

  /** Sends nothing new, and waits for what is in flight. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  takeLost(): string[] {
    return this.#lost.splice(0);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const agents = [new Agent(), new Agent({ keepAlive: true })];
    const open: Promise<void>[] = [];
    while (!signal.aborted) {
      open.push(this.#send(agents[this.sent % 2]!));
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
    await Promise.all(open);
    for (const agent of agents) agent.destroy();
  }

  #send(agent: Agent): Promise<void> {
    this.sent += 1;
    const at = new Date().toISOString();
    const lose = (why: string) => void this.#lost.push(`a request of ${at} was lost: ${why}`);
    return new Promise((resolve) => {
      const outgoing = request({ host: this.#address, path: '/', agent, timeout: timeoutMs }, (response) => {
        const { statusCode, headers } = response;
        if (statusCode !== 200 || !headers['x-build-version']) lose(`status ${statusCode}`);
        response
          .resume()
          .on('error', (error) => lose(error.message))
          .on('close', resolve);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.on('error', (error) => (lose(error.message), resolve())).end();
    });
  }
}
