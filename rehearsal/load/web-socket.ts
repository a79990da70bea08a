import { randomBytes } from 'node:crypto';
import { WebSocket, type RawData } from 'ws';
import { formatAddress } from './address.ts';
import { judgeHead, readVersion } from './exchange.ts';
import { explain, RequestTimeout, type Fault } from './happening.ts';
import type { Target } from './requests.ts';
import type { Session, SessionEvents } from './session.ts';

const everyMs = 250;
const closed = { properly: 1000, withoutCloseFrame: 1006 };

/** One WebSocket, from its handshake to its close frame. What it sends must come back, in order. */
export class EchoSocket implements Session {
  readonly #socket: WebSocket;
  readonly #timeoutMs: number;
  readonly #events: SessionEvents;
  readonly #sent: { message: string; at: number }[] = [];
  #echo: NodeJS.Timeout | undefined;
  #version: string | undefined;
  #opened = false;
  #ended = false;
  #lastError = '';

  constructor({ address, hostHeader, timeoutMs }: Target, events: SessionEvents) {
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    const patience = { handshakeTimeout: timeoutMs, closeTimeout: timeoutMs };
    const options = { headers: { Host: hostHeader }, perMessageDeflate: false, ...patience };
    this.#socket = new WebSocket(`ws://${formatAddress(address)}/socket`, options);
    this.#socket.on('upgrade', (response) => (this.#version = readVersion(response)));
    this.#socket.on('unexpected-response', (_, response) => this.#finish(judgeHead(response)));
    this.#socket.on('open', () => this.#open());
    this.#socket.on('message', (data) => this.#take(data));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', (code) =>
      this.#finish(code === closed.withoutCloseFrame ? this.#cut() : undefined),
    );
  }

  close(): void {
    clearInterval(this.#echo);
    if (this.#opened) this.#socket.close(closed.properly);
    else this.#finish();
  }

  #open(): void {
    this.#opened = true;
    this.#events.opened(this.#version);
    this.#echo = setInterval(() => this.#send(), everyMs);
  }

  #send(): void {
    const oldest = this.#sent[0];
    if (oldest && performance.now() - oldest.at > this.#timeoutMs)
      return this.#fail(new RequestTimeout('no echo'));
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const message = randomBytes(24).toString('hex');
    this.#sent.push({ message, at: performance.now() });
    this.#socket.send(message);
  }

  #take(data: RawData): void {
    const message = data.toString();
    if (message.startsWith('{"tick"')) return;
    const expected = this.#sent.shift()?.message;
    if (message !== expected)
      this.#finish({ reason: 'wrong-payload', detail: `sent ${expected}, got ${message}` });
  }

  /** After the handshake an error is only the cause of the close that follows. */
  #fail(error: Error): void {
    this.#lastError = error.message;
    const timedOut = error instanceof RequestTimeout || /timed out/.test(error.message);
    if (timedOut) return this.#finish(explain(new RequestTimeout(error.message)));
    if (!this.#opened) this.#finish(explain(error));
  }

  #cut(): Fault {
    return {
      reason: 'no-close-frame',
      detail: `closed with ${closed.withoutCloseFrame}: ${this.#lastError}`,
    };
  }

  #finish(fault?: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#echo);
    this.#socket.terminate();
    this.#events.ended(fault);
  }
}
