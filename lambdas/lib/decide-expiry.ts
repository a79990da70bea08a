import type { KeptDigests } from './kept-releases.ts';

/** An image of a repository, with what it refers to. */
export interface RepositoryImage {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Epoch milliseconds. */
  readonly pushedAt: number;
  /** Digests that its index names; none for an image. */
  readonly children: readonly string[];
  /** The digest that it signs or attests. */
  readonly subject?: string | undefined;
  /** ECR would not give its manifest, so that nobody knows what it refers to. */
  readonly unreadable?: boolean;
}

/** Why an image stays. `part`: a kept image refers to it, or it is about one. */
export type KeepRule = 'current' | 'open' | 'release' | 'host' | 'young' | 'newest' | 'unreadable' | 'part';

export interface Decision {
  /** Digests of the repository's images that stay. */
  readonly kept: ReadonlyMap<string, KeepRule>;
  readonly expired: readonly RepositoryImage[];
}

/** What may go: all that neither `ledger`'s digests nor the time of its push keeps, nor any kept image. */
export function decideExpiry(
  images: readonly RepositoryImage[],
  ledger: KeptDigests,
  youngerThan: number,
): Decision {
  const kept = new Map<string, KeepRule>();
  for (const image of images) {
    const rule = ledger.get(image.digest) ?? ownRule(image, youngerThan);
    if (rule) kept.set(image.digest, rule);
  }
  keepParts(images, kept);
  return { kept, expired: images.filter(({ digest }) => !kept.has(digest)) };
}

function ownRule({ pushedAt, unreadable }: RepositoryImage, youngerThan: number): KeepRule | undefined {
  if (pushedAt >= youngerThan) return 'young';
  return unreadable ? 'unreadable' : undefined;
}

/** Children of an index, and what is about an image; and their own children, and what is about those. */
function keepParts(images: readonly RepositoryImage[], kept: Map<string, KeepRule>): void {
  const parts = new Map(images.map(({ digest, children }) => [digest, [...children]]));
  for (const image of images) for (const subject of subjectsOf(image)) parts.get(subject)?.push(image.digest);
  const reached = [...kept.keys()];
  for (let digest = reached.pop(); digest; digest = reached.pop())
    for (const part of parts.get(digest) ?? []) {
      if (kept.has(part) || !parts.has(part)) continue;
      kept.set(part, 'part');
      reached.push(part);
    }
}

/** By its own word, or by a tag such as cosign makes. Source: the OCI distribution spec's referrers tag schema. */
function subjectsOf({ subject, tags }: RepositoryImage): string[] {
  const named = tags.flatMap((tag) => /^sha256-([a-f0-9]{64})/.exec(tag)?.[1] ?? []);
  return [...(subject ? [subject] : []), ...named.map((hex) => `sha256:${hex}`)];
}

/** Where nothing has gone live yet, somebody will want the last release that was pushed. */
export function newestRelease(images: readonly RepositoryImage[]): RepositoryImage | undefined {
  const about = (image: RepositoryImage) => subjectsOf(image).length > 0;
  const releases = images.filter((image) => image.tags.length > 0 && !about(image));
  const candidates = releases.length > 0 ? releases : images;
  return candidates.toSorted((one, other) => other.pushedAt - one.pushedAt)[0];
}

/** Indexes before their children: ECR refuses to delete what an index refers to. Each list may go at once. */
export function inDeletionOrder(expired: readonly RepositoryImage[]): RepositoryImage[][] {
  const lists: RepositoryImage[][] = [];
  for (let rest = [...expired]; rest.length > 0;) {
    const referred = new Set(rest.flatMap(({ children }) => children));
    const free = rest.filter(({ digest }) => !referred.has(digest));
    lists.push(free);
    rest = rest.filter(({ digest }) => referred.has(digest));
  }
  return lists;
}
