import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import type { Address } from './address.ts';
import { exchange, type Ending, type ExchangeOptions } from './exchange.ts';
import { sendSlowly } from './upload.ts';

export interface Target {
  readonly address: Address;
  readonly hostHeader: string;
  /** For an answer, beyond the time that the request itself is meant to take. */
  readonly timeoutMs: number;
}

/** First in, first out: every pooled connection is used again and again, so one that was closed cannot go unnoticed. */
const pooled = () => new Agent({ keepAlive: true, scheduling: 'fifo' });

/** One function a kind of request. */
export class Requests {
  readonly #target: Target;
  readonly #gets = pooled();
  readonly #posts = pooled();
  readonly #unpooled = new Agent({ keepAlive: false });

  constructor(target: Target) {
    this.#target = target;
  }

  keepAliveGet(): Promise<Ending> {
    return this.#get('/', this.#gets, 0);
  }

  newConnectionGet(): Promise<Ending> {
    return this.#get('/', this.#unpooled, 0);
  }

  slowGet(ms: number): Promise<Ending> {
    return this.#get(`/slow?ms=${ms}`, this.#unpooled, ms);
  }

  post(): Promise<Ending> {
    const body = randomBytes(256);
    const check = (echo: Buffer) =>
      echo.equals(body) ? undefined : `sent 256 bytes, ${echo.length} others came back`;
    return this.#post('/echo', this.#posts, body.length, 0, {
      send: (outgoing) => outgoing.end(body),
      check,
    });
  }

  upload(ms: number): Promise<Ending> {
    const { bytes, send, check } = sendSlowly(ms);
    return this.#post('/upload', this.#unpooled, bytes, ms, { send, check });
  }

  close(): void {
    for (const agent of [this.#gets, this.#posts, this.#unpooled]) agent.destroy();
  }

  #get(path: string, agent: Agent, meantMs: number): Promise<Ending> {
    const { address, hostHeader, timeoutMs } = this.#target;
    const body = { send: (outgoing: { end(): void }) => outgoing.end(), check: () => undefined };
    const headers = { Host: hostHeader };
    return exchange({
      address,
      method: 'GET',
      path,
      headers,
      agent,
      timeoutMs: timeoutMs + meantMs,
      ...body,
    });
  }

  #post(
    path: string,
    agent: Agent,
    bytes: number,
    meantMs: number,
    body: Pick<ExchangeOptions, 'send' | 'check'>,
  ): Promise<Ending> {
    const { address, hostHeader, timeoutMs } = this.#target;
    const headers = { Host: hostHeader, 'Content-Type': 'application/octet-stream', 'Content-Length': bytes };
    return exchange({
      address,
      method: 'POST',
      path,
      headers,
      agent,
      timeoutMs: timeoutMs + meantMs,
      ...body,
    });
  }
}
