import { setTimeout as sleep } from 'node:timers/promises';
import type { PhaseName } from '../../../contracts/phase-name.ts';
import type { PhaseHost, Values } from '../../phases/phase-host.ts';
import { describeKill, type KillPoint, type Walk } from './draw.ts';
import { runUntil } from './killable-host.ts';
import type { LightLoad } from './light-load.ts';

const servingMilliseconds = 30_000;

export interface Tally {
  /** Runs of phases that were killed. */
  kills: number;
  /** Of them, hosts. */
  hosts: number;
  /** Runs that ended before they came to their point. */
  missed: number;
}

/** Kills the runs of a walk's phases, and finds what is wrong afterwards. */
export class Killing {
  readonly tally: Tally = { kills: 0, hosts: 0, missed: 0 };
  readonly problems: string[] = [];
  readonly #host: PhaseHost;
  readonly #load: LightLoad | undefined;

  /** `load` is what must go on, if anything is live. */
  constructor(host: PhaseHost, load?: LightLoad) {
    this.#host = host;
    this.#load = load;
  }

  /** The phase is killed as often as was drawn, and sent again; what is wrong then is `check`'s to say. */
  async run(
    { phase, kills, isLeft }: Walk['phases'][number],
    values: Values,
    check: () => Promise<string[]>,
  ): Promise<void> {
    for (const point of kills) await this.#kill(phase, values, point);
    const after = kills.map((point) => describeKill(phase, point)).join(', then ') || phase;
    const problems = isLeft ? [] : [...(await this.#finish(phase, values)), ...(await check())];
    this.problems.push(
      ...[...problems, ...(this.#load?.takeLost() ?? [])].map((problem) => `${after}: ${problem}`),
    );
  }

  async #kill(phase: PhaseName, values: Values, point: KillPoint): Promise<void> {
    if (point.what === 'host') await this.#load?.stop();
    const isKilled = await runUntil(this.#host, phase, values, point);
    if (!isKilled) this.tally.missed += 1;
    else this.tally.kills += 1;
    if (point.what !== 'host') return;
    if (isKilled) this.tally.hosts += 1;
    if (this.#load) await this.#awaitServing(describeKill(phase, point));
    this.#load?.start();
  }

  async #finish(phase: PhaseName, values: Values): Promise<string[]> {
    try {
      await this.#host.finish(phase, values);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  }

  /** Without any help, as soon as its container is up. */
  async #awaitServing(after: string): Promise<void> {
    const deadline = Date.now() + servingMilliseconds;
    const ask = "curl -s -o /dev/null -m 5 -w '%{http_code}' http://127.0.0.1/ || true";
    while ((await this.#host.shell(ask)) !== '200') {
      if (Date.now() > deadline)
        return void this.problems.push(`${after}: nothing serves ${servingMilliseconds} ms after the boot`);
      await sleep(50);
    }
  }
}
