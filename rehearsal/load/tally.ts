import { FaultList } from './fault-list.ts';
import type { Happening } from './happening.ts';
import type { LoadReport, Section, VersionSeen } from './load-report.ts';
import { Period } from './period.ts';
import { loadKinds, type LoadKind } from './rates.ts';

type Named = { name: string; startedAt: number; endedAt?: number; period: Period; faults: FaultList };

const faultsOfSection = 5000;

/** Counts everything that happens: in all, by kind, and by section. */
export class Tally {
  readonly #startedAt = Date.now();
  readonly #all = new Period();
  readonly #kinds = new Map<LoadKind, Period>(loadKinds.map((kind) => [kind, new Period()]));
  readonly #sections: Named[] = [];
  readonly #faults = new FaultList();
  readonly #versions = new Map<string, VersionSeen>();

  note(happening: Happening): void {
    const at = Date.now();
    this.#all.note(happening);
    this.#kinds.get(happening.kind)?.note(happening);
    const section = this.#sections.at(-1);
    section?.period.note(happening);
    if (happening.fault)
      for (const list of [this.#faults, section?.faults]) list?.note(happening, happening.fault, at);
    if (happening.version) this.#noteVersion(happening.version, at);
  }

  /** Begins a section, which ends the one before. */
  mark(name: string, at: number): void {
    const last = this.#sections.at(-1);
    if (last) last.endedAt = at;
    this.#sections.push({
      name,
      startedAt: at,
      period: new Period(),
      faults: new FaultList(faultsOfSection),
    });
  }

  report(generator: LoadReport['generator']): LoadReport {
    const endedAt = Date.now();
    const kinds = loadKinds.map((kind) => [kind, this.#kinds.get(kind)!.count()]);
    return {
      startedAt: this.#startedAt,
      endedAt,
      ...this.#all.count(),
      kinds: Object.fromEntries(kinds) as LoadReport['kinds'],
      sections: this.#sections.map((section) => describeSection(section, endedAt)),
      faults: this.#faults.groups,
      samples: this.#faults.samples,
      versionsSeen: [...this.#versions.values()],
      generator,
    };
  }

  #noteVersion(version: string, at: number): void {
    const { count = 0, firstAt = at } = this.#versions.get(version) ?? {};
    this.#versions.set(version, { version, count: count + 1, firstAt, lastAt: at });
  }
}

function describeSection({ name, startedAt, endedAt, period, faults }: Named, now: number): Section {
  return { name, startedAt, endedAt: endedAt ?? now, ...period.count(), faults: faults.samples };
}
