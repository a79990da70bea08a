import { createHash } from 'node:crypto';
import type { Blob } from './image.ts';

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export function memoryBlob(mediaType: string, content: Buffer): Blob {
  return { mediaType, digest: digestOf(content), size: content.length, read: async () => content };
}

export function jsonBlob(mediaType: string, content: object): Blob {
  return memoryBlob(mediaType, Buffer.from(JSON.stringify(content)));
}
