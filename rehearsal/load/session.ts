import type { Fault, Happening, Note } from './happening.ts';
import type { LoadKind } from './rates.ts';
import type { Target } from './requests.ts';

/** A connection that is meant to last. */
export interface Session {
  /** The client's own goodbye; `ended` follows. */
  close(): void;
}

export interface SessionEvents {
  opened(version?: string): void;
  /** Once, with what was wrong, if anything was. */
  ended(fault?: Fault): void;
}

export type SessionType = new (target: Target, events: SessionEvents) => Session;

const pauseAfterFaultMs = 250;

const types: Readonly<Record<string, Happening['type']>> = {
  truncated: 'truncated-stream',
  'no-close-frame': 'no-close-frame',
};

/** Keeps one session open: at once again after a proper end, a little later after a fault. */
export class SessionKeeper {
  /** Resolves as soon as the first attempt has opened or failed. */
  readonly tried: Promise<void>;
  readonly #type: SessionType;
  readonly #kind: LoadKind;
  readonly #target: Target;
  readonly #note: Note;
  #session: Session | undefined;
  #pause: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #onTried = (): void => {};
  #onClosed: (() => void) | undefined;

  constructor(type: SessionType, kind: LoadKind, target: Target, note: Note) {
    this.#type = type;
    this.#kind = kind;
    this.#target = target;
    this.#note = note;
    this.tried = new Promise((resolve) => (this.#onTried = resolve));
    this.#start();
  }

  close(): Promise<void> {
    clearTimeout(this.#pause);
    return new Promise((resolve) => {
      if (!this.#session) return resolve();
      this.#onClosed = resolve;
      this.#session.close();
    });
  }

  #start(): void {
    this.#startedAt = performance.now();
    const opened = (version?: string) => (this.#tell('request', { version }), this.#onTried());
    this.#session = new this.#type(this.#target, { opened, ended: (fault) => this.#end(fault) });
  }

  #end(fault?: Fault): void {
    this.#session = undefined;
    if (fault) this.#tell(types[fault.reason] ?? 'request', { fault });
    if (this.#onClosed) return this.#onClosed();
    if (!fault) this.#tell('reconnect');
    this.#onTried();
    this.#pause = setTimeout(() => this.#start(), fault ? pauseAfterFaultMs : 0);
  }

  #tell(type: Happening['type'], facts: Pick<Happening, 'version' | 'fault'> = {}): void {
    this.#note({ type, kind: this.#kind, ms: performance.now() - this.#startedAt, ...facts });
  }
}
