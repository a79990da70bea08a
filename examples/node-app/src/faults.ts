import type { Settings } from './settings.ts';

/** Faults on request, for releases that are meant to fail. */
export class Faults {
  readonly #settings: Settings;
  #firstRequestSeen = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    dieAfter(settings.dieAfterMs);
  }

  noteRequest(): void {
    if (this.#firstRequestSeen) return;
    this.#firstRequestSeen = true;
    dieAfter(this.#settings.dieAfterFirstRequestMs);
  }
}

function dieAfter(ms: number | undefined): void {
  if (ms !== undefined) setTimeout(() => process.exit(1), ms);
}
