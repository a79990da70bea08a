import { describe, expect, test } from 'vitest';
import {
  decideExpiry,
  inDeletionOrder,
  newestRelease,
  type KeepRule,
  type RepositoryImage,
} from '../../../lambdas/lib/decide-expiry.ts';
import { seededRandom } from '../support/random.ts';

const hex = (index: number) => index.toString(16).padStart(64, '0');
const digest = (index: number) => `sha256:${hex(index)}`;
const image = (index: number, about: Partial<RepositoryImage> = {}): RepositoryImage => ({
  digest: digest(index),
  tags: [],
  pushedAt: 0,
  children: [],
  ...about,
});

/** Whatever an image refers to was pushed before it. */
function randomRepository(random: () => number): RepositoryImage[] {
  const below = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: below(20) }, (_, index) => {
    const kind = index === 0 ? 9 : below(10);
    return image(index, {
      pushedAt: below(200),
      tags: kind === 0 ? [`sha256-${hex(below(index))}.sig`] : random() < 0.5 ? [`v${index}`] : [],
      ...(kind === 1 && { subject: digest(below(index)) }),
      ...(kind < 5 && kind > 1 && { children: [digest(below(index)), digest(below(index)), digest(99)] }),
      ...(kind === 5 && { unreadable: true }),
    });
  });
}

/** The rules again, from the other end: whether an image has a reason to stay. */
function staysBy(images: RepositoryImage[], kept: Map<string, KeepRule>, wanted: RepositoryImage): boolean {
  if (wanted.pushedAt >= 100 || wanted.unreadable || kept.has(wanted.digest)) return true;
  const parents = images.filter(({ children }) => children.includes(wanted.digest));
  const subject = wanted.subject ?? wanted.tags[0]?.match(/^sha256-(.{64})/)?.[1]?.replace(/^/, 'sha256:');
  const subjects = images.filter((other) => other.digest === subject);
  return [...parents, ...subjects].some((other) => staysBy(images, kept, other));
}

describe('what may go from a repository', () => {
  test('is all that no rule keeps and nothing else, in 10,000 random repositories', () => {
    const random = seededRandom(3);
    let [gone, parts] = [0, 0];
    for (let round = 0; round < 10_000; round += 1) {
      const images = randomRepository(random);
      const ledger = new Map<string, KeepRule>(
        images.filter(() => random() < 0.1).map((one) => [one.digest, 'release']),
      );
      const { kept, expired } = decideExpiry(images, ledger, 100);
      const reasons = images.map((one) => staysBy(images, ledger, one));
      expect(images.map((one) => kept.has(one.digest))).toEqual(reasons);
      expect(expired).toEqual(images.filter((_, index) => !reasons[index]));
      gone += expired.length;
      parts += [...kept.values()].filter((rule) => rule === 'part').length;
    }
    expect(Math.min(gone, parts)).toBeGreaterThan(5_000);
  });

  test('goes in an order in which nothing is deleted before what refers to it', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 2_000; round += 1) {
      const expired = randomRepository(random);
      const lists = inDeletionOrder(expired);
      expect(lists.flat().toSorted(byDigest)).toEqual(expired.toSorted(byDigest));
      for (const [place, list] of lists.entries()) {
        const later = new Set(
          lists
            .slice(place)
            .flat()
            .flatMap(({ children }) => children),
        );
        expect(list.filter((one) => later.has(one.digest))).toEqual([]);
      }
    }
  });

  test('is no part of a kept index, nested, with what signs it; and not the index of a kept part', () => {
    const images = [
      image(1),
      image(2),
      image(3, { children: [digest(1)] }),
      image(4, { children: [digest(3), digest(2)] }),
      image(5, { tags: [`sha256-${hex(1)}.sig`] }),
      image(6, { subject: digest(5) }),
      image(7, { children: [digest(4)] }),
      image(8),
    ];
    const { kept, expired } = decideExpiry(images, new Map([[digest(4), 'current']]), 100);
    expect(expired.map((one) => one.digest)).toEqual([digest(7), digest(8)]);
    expect([...kept.values()].toSorted()).toEqual(['current', 'part', 'part', 'part', 'part', 'part']);
  });
});

const byDigest = (one: RepositoryImage, other: RepositoryImage) => one.digest.localeCompare(other.digest);

test('the release that was pushed last is one with a tag that is about no other image', () => {
  const signature = image(3, { pushedAt: 9, tags: [`sha256-${hex(1)}.sig`] });
  const releases = [image(1, { pushedAt: 5, tags: ['v1'] }), image(2, { pushedAt: 7, tags: ['v2'] })];
  expect(newestRelease([...releases, signature, image(4, { pushedAt: 8 })])).toBe(releases[1]);
  expect(newestRelease([image(4, { pushedAt: 1 }), image(5, { pushedAt: 2 })])!.digest).toBe(digest(5));
  expect(newestRelease([])).toBeUndefined();
});
