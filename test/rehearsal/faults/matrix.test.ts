import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askedCases } from '../../../rehearsal/faults/choose-cases.ts';
import { matrix } from '../../../rehearsal/faults/matrix/index.ts';
import type { CaseResult } from '../../../rehearsal/faults/part.ts';
import { groupBy } from '../../../rehearsal/group-by.ts';
import { describeRealHost } from '../host/fixture.ts';

interface Drawn {
  readonly name: string;
  readonly seed: number;
}

/** Cases that have failed at some time, each with the seed that drew its moment. */
const everFailed = JSON.parse(
  readFileSync(join(import.meta.dirname, 'ever-failed.json'), 'utf8'),
) as readonly Drawn[];

const seed = 1;
const options = { seed, parts: [matrix], pattern: '*', slice: 1, fresh: true, failedOnly: false };
const slice = askedCases(options, new Map())
  .flatMap(({ cases }) => cases)
  .map((name): Drawn => ({ name, seed }));

describeRealHost('the fault matrix', () => {
  // Two hosts, side by side: most of a case is waiting.
  it.concurrent.each([0, 1])(
    'goes as it should in a slice of it, and wherever it ever failed (%i)',
    async (half) => {
      const told: CaseResult[] = [];
      const drawn = [...everFailed, ...slice].filter((_, index) => index % 2 === half);
      for (const [seed, cases] of groupBy(drawn, (one) => one.seed)) {
        const names = cases.map(({ name }) => name);
        const tell = (result: CaseResult) => void told.push(result);
        await matrix.run(names, { seed, signal: new AbortController().signal, say: () => {}, tell });
      }
      const problems = told.map(({ name, problems }) => [name, ...problems]);
      expect(problems).toEqual(drawn.map(({ name }) => [name]));
    },
    900_000,
  );
});
