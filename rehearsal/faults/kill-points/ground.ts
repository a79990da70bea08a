import type { Image } from '../../images/image.ts';
import { variants } from '../../images/variants.ts';
import { makeMigrationImage } from '../../phases/migration-image.ts';
import type { PhaseHost } from '../../phases/phase-host.ts';
import { createPreparedHost } from '../../phases/prepared-host.ts';
import { findProblems, type Expected } from './allowed.ts';
import { prepareToKill } from './killable-host.ts';
import { LightLoad } from './light-load.ts';
import { survey } from './survey.ts';
import { WebWalk } from './web-walk.ts';

const nothing: Expected = { live: undefined, other: undefined, receipts: [], isTidy: false };

/** A prepared host with a database, on which a release is live under a light load. */
export class Ground {
  readonly host: PhaseHost;
  /** Revision a is there, and b is pending. */
  readonly migrations: Image;
  load!: LightLoad;
  #expected: Expected = nothing;
  #fence = 1;

  private constructor(host: PhaseHost, migrations: Image) {
    this.host = host;
    this.migrations = migrations;
  }

  static async create(): Promise<Ground> {
    const host = await createPreparedHost({ database: true });
    try {
      await prepareToKill(host);
      const migrations = await host.push(
        await makeMigrationImage('m1', { a: '', b: "INSERT INTO notes (text) VALUES ('of b')" }),
      );
      const ground = new Ground(host, migrations);
      await ground.#goLive();
      return ground;
    } catch (error) {
      await host.close();
      throw error;
    }
  }

  /** The next deployment, of a release of its own. */
  async nextWalk(): Promise<WebWalk> {
    const fence = ++this.#fence;
    const image = await this.host.push(variants.healthy(`v${fence}`));
    return new WebWalk(this.host, fence, image, this.#expected);
  }

  /** What is wrong; what is there is what the next walk begins with. */
  async check(allowed: readonly Expected[] = [this.#expected]): Promise<string[]> {
    const found = await survey(this.host);
    const judged = allowed.map((expected) => ({ expected, problems: findProblems(found, expected) }));
    const [best] = judged.sort((one, other) => one.problems.length - other.problems.length);
    this.#expected = best!.expected;
    return best!.problems;
  }

  async close(): Promise<void> {
    await this.load?.stop();
    await this.host.close();
  }

  async #goLive(): Promise<void> {
    const walk = await this.nextWalk();
    for (const phase of [
      'resolve-env',
      'pull-release',
      'start-candidate',
      'switch-traffic',
      'retire',
    ] as const) {
      await this.host.finish(phase, walk.values);
      [this.#expected] = walk.finish(phase) as [Expected];
    }
    const problems = await this.check();
    if (problems.length) throw new Error(`Nothing was killed, and yet: ${problems.join('; ')}`);
    this.load = new LightLoad(this.host.host.address);
  }
}
