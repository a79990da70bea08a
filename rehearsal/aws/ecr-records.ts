import type { Push } from './ecr-events.ts';

/** An image as ECR lists it, with a tag or without. */
export interface ListedImage {
  readonly digest: string;
  readonly mediaType: string;
  readonly tags: readonly string[];
  /** Epoch milliseconds of its first push. */
  readonly pushedAt: number;
}

type Listed = Pick<ListedImage, 'digest' | 'mediaType' | 'pushedAt'>;

/** What ECR knows of images and an OCI registry does not: when each was pushed first, and what each tag means. */
export class ImageRecords {
  readonly #images = new Map<string, Map<string, Listed>>();
  readonly #tags = new Map<string, Map<string, string>>();
  readonly #untagged = new Set<string>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Whether anything is new: ECR refuses a push of what is there already, with an error that docker takes for success. */
  note({ repository, digest, mediaType, tag }: Push, pushedAt = this.#now()): boolean {
    const images = mapOf(this.#images, repository);
    const tags = mapOf(this.#tags, repository);
    const known = images.has(digest) && (tag === undefined || tags.get(tag) === digest);
    // Another tag does not renew the time. Source: https://github.com/aws/containers-roadmap/issues/2746
    if (!images.has(digest)) images.set(digest, { digest, mediaType, pushedAt });
    if (tag !== undefined) tags.set(tag, digest);
    this.#untagged.delete(`${repository}:${tag}`);
    return !known;
  }

  list(repository: string): ListedImage[] {
    const tags = [...mapOf(this.#tags, repository)];
    return [...mapOf(this.#images, repository).values()].map((image) => ({
      ...image,
      tags: tags.flatMap(([tag, digest]) => (digest === image.digest ? [tag] : [])),
    }));
  }

  /** What the tag meant, if it was not moved or removed. */
  digestOf = (repository: string, tag: string) => mapOf(this.#tags, repository).get(tag);

  wasRemoved = (repository: string, tag: string) => this.#untagged.has(`${repository}:${tag}`);

  untag(repository: string, tag: string): void {
    mapOf(this.#tags, repository).delete(tag);
    this.#untagged.add(`${repository}:${tag}`);
  }

  remove(repository: string, { digest, tags }: ListedImage): void {
    for (const tag of tags) this.untag(repository, tag);
    mapOf(this.#images, repository).delete(digest);
  }
}

function mapOf<V>(maps: Map<string, Map<string, V>>, repository: string): Map<string, V> {
  const map = maps.get(repository) ?? new Map<string, V>();
  maps.set(repository, map);
  return map;
}
