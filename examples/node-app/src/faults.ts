import type { Settings, Sickness } from './settings.ts';

const bite = 16 << 20;

/** Faults on request, for releases that are meant to fail. */
export class Faults {
  readonly #settings: Settings;
  #firstRequestSeen = false;
  #healthAsked = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    dieAfter(settings.dieAfterMs);
    if (settings.eatsMemoryOnSignal) process.once('SIGUSR2', eatMemory);
  }

  noteRequest(): void {
    if (this.#firstRequestSeen) return;
    this.#firstRequestSeen = true;
    dieAfter(this.#settings.dieAfterFirstRequestMs);
  }

  /** What is wrong with this answer to a question for health. */
  sicknessNow(): Sickness | undefined {
    const { health, healthUnderTraffic } = this.#settings;
    const sickness = health ?? (this.#firstRequestSeen ? healthUnderTraffic : undefined);
    this.#healthAsked += 1;
    return sickness === 'flaps' && this.#healthAsked % 2 === 0 ? undefined : sickness;
  }
}

function dieAfter(ms: number | undefined): void {
  if (ms !== undefined) setTimeout(() => process.exit(1), ms);
}

function eatMemory(): void {
  const hoard: Buffer[] = [];
  setInterval(() => hoard.push(Buffer.alloc(bite, 1)), 1);
}
