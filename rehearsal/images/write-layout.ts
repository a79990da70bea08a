import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from './build-image.ts';
import type { Blob, Image } from './image.ts';

/** Writes an image as a folder that any OCI tool reads (`skopeo copy oci:<folder> ...`). */
export async function writeLayout(image: Image, folder: string): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  for (const blob of [image.manifest, ...image.blobs]) await writeBlob(blobs, blob);
  const name = { 'org.opencontainers.image.ref.name': image.spec.buildVersion };
  const index = { schemaVersion: 2, manifests: [{ ...describe(image.manifest), annotations: name }] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function writeBlob(folder: string, blob: Blob): Promise<void> {
  await writeFile(join(folder, blob.digest.replace('sha256:', '')), await blob.read());
}
