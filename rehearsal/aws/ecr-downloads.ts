import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageSource } from './ecr-images.ts';

/** What GetDownloadUrlForLayer points to: whoever has the URL may fetch the blob, as with a presigned one. */
export class Downloads {
  readonly #blobs = new Map<string, { repository: string; digest: string }>();
  readonly #images: ImageSource;

  constructor(images: ImageSource) {
    this.#images = images;
  }

  pathTo(repository: string, digest: string): string {
    const token = randomBytes(24).toString('hex');
    this.#blobs.set(token, { repository, digest });
    return `/layers/${token}`;
  }

  /** Whether the request was for a download; the answer follows. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const [, token] = /^\/layers\/([0-9a-f]+)$/.exec(request.url ?? '') ?? [];
    if (token === undefined) return false;
    this.#send(token, response).catch((error: unknown) => response.destroy(error as Error));
    return true;
  }

  async #send(token: string, response: ServerResponse): Promise<void> {
    const wanted = this.#blobs.get(token);
    const blob = wanted && (await this.#images.blob(wanted.repository, wanted.digest));
    if (blob) response.writeHead(200, { 'content-length': blob.length }).end(blob);
    else response.writeHead(403).end('AccessDenied');
  }
}
