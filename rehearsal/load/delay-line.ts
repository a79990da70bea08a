import type { Socket } from 'node:net';

/** What may be on its way in one direction before its sender is made to wait. */
const windowBytes = 1 << 20;

interface Parcel {
  readonly dueAt: number;
  readonly bytes: number;
  readonly deliver: () => void;
}

/** One direction of a connection: bytes, FIN and RST arrive in the order they were sent, each so much later. */
export class DelayLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delayMs: number;
  readonly #openedAt: number;
  readonly #underway: Parcel[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Nothing counts as sent before `openedAt` (performance.now()): the handshake takes time, too. */
  constructor(from: Socket, to: Socket, delayMs: number, openedAt: number) {
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
    this.#openedAt = openedAt;
    from.on('data', (chunk) => this.#send(() => to.write(chunk), chunk.length));
    from.on('end', () => this.#send(() => to.end()));
    from.on('error', () => this.#send(() => to.resetAndDestroy()));
    to.on('drain', () => this.#adjustFlow());
  }

  #send(deliver: () => void, bytes = 0): void {
    const dueAt = Math.max(performance.now(), this.#openedAt) + this.#delayMs;
    this.#underway.push({ dueAt, bytes, deliver });
    this.#bytes += bytes;
    this.#adjustFlow();
    this.#timer ??= setTimeout(() => this.#deliverDue(), dueAt - performance.now());
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
