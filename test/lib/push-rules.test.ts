import { describe, expect, test } from 'vitest';
import { appConfig } from '../../contracts/config.ts';
import { isDeployed } from '../../contracts/tag-rules.ts';
import { tagPattern } from '../../lib/push-rules.ts';
import { compilePattern } from '../../rehearsal/aws/event-pattern.ts';
import { seededRandom } from '../lambdas/support/random.ts';

const matches = (globs: string[]) => {
  const fits = compilePattern({ detail: { 'image-tag': tagPattern(globs) } });
  return (tag?: string) => fits({ detail: tag === undefined ? {} : { 'image-tag': tag } });
};

/** Texts that are close to each other, so that globs match often and fail by one character. */
function makeTexts(random: () => number) {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const parts = ['v', '1', '.', '-', 'a', '_', 'rc', 'V', 'sha256-', 'sha256', 'latest', '1.2.3', '.sig'];
  const some = (from: readonly string[], most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(from)).join('');
  const tag = () => some(parts, 4).replace(/^[.-]+/, '') || 'v';
  const glob = () => (random() < 0.15 ? '*' : some([...parts, '*', '*', '*'], 5).replace(/\*+/g, '*'));
  return { tag, glob };
}

describe('the rule of an app and the contract', () => {
  test('agree on 20,000 tags and globs', () => {
    const random = seededRandom(7);
    const { tag, glob } = makeTexts(random);
    const seen = { true: 0, false: 0 };
    for (let round = 0; round < 2_000; round += 1) {
      const globs = Array.from({ length: 1 + Math.floor(random() * 3) }, glob);
      expect(appConfig.shape.deployTags.safeParse(globs).success, globs.join(' ')).toBe(true);
      const rule = matches(globs);
      for (let each = 0; each < 10; each += 1) {
        const pushed = random() < 0.1 ? globs[0]!.replaceAll('*', tag()) : tag();
        const deployed = isDeployed(pushed, globs);
        seen[`${deployed}`] += 1;
        expect([pushed, globs, rule(pushed)]).toEqual([pushed, globs, deployed]);
      }
    }
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(2_000);
  });

  test.each([[['*']], [['v*']], [['latest', 'v*']]])('never deploy a push without a tag: %j', (globs) =>
    expect(matches(globs)()).toBe(false),
  );

  const digest = '7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd12345678';
  test.each([`sha256-${digest}`, `sha256-${digest}.sig`, `sha256-${digest}.att`, `sha256-${digest}.sbom`])(
    'take %s for what refers to an image, not for a release',
    (tag) => expect([matches(['*'])(tag), isDeployed(tag, ['*'])]).toEqual([false, false]),
  );

  test.each(['latest', 'v1.2.3', '3f2a9c', 'sha-3f2a9c', 'sha256', 'sha2567'])('deploy %s by "*"', (tag) =>
    expect([matches(['*'])(tag), isDeployed(tag, ['*'])]).toEqual([true, true]),
  );
});
