import type { Socket } from 'node:net';

/** What may be on its way in one direction before its sender is made to wait. */
const windowBytes = 1 << 20;

interface Parcel {
  readonly dueAt: number;
  readonly bytes: number;
  readonly deliver: () => void;
}

/** One direction of a connection: SYN, bytes, FIN and RST arrive in the order they were sent, each so much later. */
export class DelayLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delayMs: number;
  readonly #underway: Parcel[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, delayMs: number) {
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
  }

  /** Also the way to keep what comes first in order: two timers of one process may fire in either order. */
  send(sentAt: number, deliver: () => void, bytes = 0): void {
    const dueAt = sentAt + this.#delayMs;
    this.#underway.push({ dueAt, bytes, deliver });
    this.#bytes += bytes;
    this.#adjustFlow();
    this.#timer ??= setTimeout(() => this.#deliverDue(), dueAt - performance.now());
  }

  /** Nothing counts as sent before `openedAt` (performance.now()): the handshake takes time, too. */
  forward(openedAt: number): void {
    const sentAt = () => Math.max(performance.now(), openedAt);
    this.#from.on('data', (chunk) => this.send(sentAt(), () => this.#to.write(chunk), chunk.length));
    this.#from.on('end', () => this.send(sentAt(), () => this.#to.end()));
    this.#from.on('error', () => this.send(sentAt(), () => this.#to.resetAndDestroy()));
    this.#to.on('drain', () => this.#adjustFlow());
  }

  #deliverDue(): void {
    this.#timer = undefined;
    while (this.#underway[0] && this.#underway[0].dueAt <= performance.now())
      this.#deliver(this.#underway.shift()!);
    this.#adjustFlow();
    const next = this.#underway[0];
    if (next) this.#timer = setTimeout(() => this.#deliverDue(), next.dueAt - performance.now());
  }

  #adjustFlow(): void {
    const full = this.#bytes + this.#to.writableLength > windowBytes;
    if (full && !this.#from.isPaused()) this.#from.pause();
    if (!full && this.#from.isPaused()) this.#from.resume();
  }

  #deliver({ bytes, deliver }: Parcel): void {
    this.#bytes -= bytes;
    deliver();
  }
}
