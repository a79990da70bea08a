import { formatHostHeader } from './address.ts';
import { EventStream } from './event-stream.ts';
import type { Ending } from './exchange.ts';
import type { LoadOptions } from './load-options.ts';
import type { LoadReport } from './load-report.ts';
import { defaultRates, type LoadKind, type Rates } from './rates.ts';
import { Requests, type Target } from './requests.ts';
import { Schedule } from './schedule.ts';
import { SessionKeeper, type SessionType } from './session.ts';
import { Tally } from './tally.ts';
import { EchoSocket } from './web-socket.ts';

/** The load itself, in the process that makes it. */
export class LoadRun {
  readonly #tally = new Tally();
  readonly #schedule = new Schedule();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #requests: Requests;
  readonly #keepers: readonly SessionKeeper[];
  readonly #startedAt = performance.now();
  readonly #cpuBefore = process.cpuUsage();
  #cpuPercent: number | undefined;

  constructor(options: LoadOptions) {
    const { target: address, hostHeader = formatHostHeader(address), timeoutMs = 10_000 } = options;
    const target: Target = { address, hostHeader, timeoutMs };
    const rates = { ...defaultRates, ...options.rates };
    this.#requests = new Requests(target);
    this.#schedule.every(
      rates.keepAliveGetsPerSecond,
      this.#fire('keepAliveGet', () => this.#requests.keepAliveGet()),
    );
    this.#schedule.every(
      rates.newConnectionGetsPerSecond,
      this.#fire('newConnectionGet', () => this.#requests.newConnectionGet()),
    );
    this.#schedule.every(
      rates.postsPerSecond,
      this.#fire('post', () => this.#requests.post()),
    );
    this.#schedule.every(
      rates.slowGetsPerSecond,
      this.#fire('slowGet', () => this.#requests.slowGet(rates.slowMs)),
    );
    this.#schedule.every(
      rates.uploadsPerSecond,
      this.#fire('upload', () => this.#requests.upload(rates.uploadMs)),
    );
    this.#keepers = this.#openSessions(rates, target);
  }

  /** Resolves when every stream and socket has opened, or failed to. */
  async started(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.tried));
  }

  mark(name: string, at: number): void {
    this.#tally.mark(name, at);
  }

  report(): LoadReport {
    const cpuPercent = this.#cpuPercent ?? this.#measureCpu();
    return this.#tally.report({ cpuPercent, maxLagMs: Math.round(this.#schedule.maxLagMs) });
  }

  /** Sends nothing new, waits for everything in flight, says goodbye to streams and sockets. */
  async stop(): Promise<LoadReport> {
    this.#schedule.stop();
    this.#cpuPercent = this.#measureCpu(); // the quiet end would flatter it
    await Promise.all(this.#inFlight);
    await Promise.all(this.#keepers.map((keeper) => keeper.close()));
    this.#requests.close();
    return this.report();
  }

  #measureCpu(): number {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    return Math.round((user + system) / 10 / (performance.now() - this.#startedAt));
  }

  #fire(kind: LoadKind, send: () => Promise<Ending>): (dueAt: number) => void {
    return (dueAt) => {
      const done = send().then((ending) => {
        this.#tally.note({ type: 'request', kind, ms: performance.now() - dueAt, ...ending });
        this.#inFlight.delete(done);
      });
      this.#inFlight.add(done);
    };
  }

  #openSessions(rates: Rates, target: Target): SessionKeeper[] {
    const keep = (type: SessionType, kind: LoadKind, count: number) =>
      Array.from(
        { length: count },
        () => new SessionKeeper(type, kind, target, (what) => this.#tally.note(what)),
      );
    return [
      ...keep(EventStream, 'eventStream', rates.eventStreams),
      ...keep(EchoSocket, 'webSocket', rates.webSockets),
    ];
  }
}
