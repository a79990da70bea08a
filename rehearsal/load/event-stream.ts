import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { EventParser, type StreamEvent } from './event-parser.ts';
import { judgeHead, readVersion } from './exchange.ts';
import { explain, RequestTimeout, type Fault } from './happening.ts';
import type { Target } from './requests.ts';
import type { Session, SessionEvents } from './session.ts';

const truncated = (detail: string): Fault => ({ reason: 'truncated', detail });

/** One server-sent event stream, from its connection to its end. */
export class EventStream implements Session {
  readonly #parser = new EventParser();
  readonly #request: ClientRequest;
  readonly #silenceMs: number;
  readonly #events: SessionEvents;
  #silence: NodeJS.Timeout | undefined;
  #opened = false;
  #ended = false;
  #sawEnd = false;
  #lastId = 0;

  constructor(target: Target, events: SessionEvents) {
    this.#silenceMs = target.timeoutMs;
    this.#events = events;
    const headers = { Host: target.hostHeader, Accept: 'text/event-stream' };
    this.#request = request({ ...target.address, path: '/events', headers, agent: false });
    this.#request.on('error', (error) => this.#finish(explain(error)));
    this.#request.on('response', (response) => this.#read(response));
    this.#request.end();
    this.#expectMore();
  }

  /** The client's own goodbye: the rest no longer counts. */
  close(): void {
    this.#finish();
  }

  #read(response: IncomingMessage): void {
    const refusal = judgeHead(response);
    if (refusal) return this.#finish(refusal);
    this.#opened = true;
    this.#events.opened(readVersion(response));
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
    response.on('end', () =>
      this.#finish(this.#sawEnd ? undefined : truncated('ended without its end event')),
    );
    response.on('error', (error) => this.#finish(truncated(`${error.message} after event ${this.#lastId}`)));
  }

  #take(text: string): void {
    this.#expectMore();
    for (const event of this.#parser.push(text)) this.#note(event);
  }

  #note({ id, name }: StreamEvent): void {
    this.#sawEnd = name === 'end';
    if (id === undefined) return;
    const missed = Number(id) !== this.#lastId + 1;
    if (missed) return this.#finish(truncated(`event ${id} came after event ${this.#lastId}`));
    this.#lastId = Number(id);
  }

  #expectMore(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#finish(this.#stalled()), this.#silenceMs);
  }

  #stalled(): Fault {
    const silence = `nothing for ${this.#silenceMs} ms`;
    return this.#opened ? truncated(silence) : explain(new RequestTimeout(silence));
  }

  #finish(fault?: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#silence);
    this.#request.destroy();
    this.#events.ended(fault);
  }
}
