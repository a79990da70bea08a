import type { Rehearsal } from '../../rehearsal.ts';
import type { RealStage } from '../../stage/real-stage.ts';

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

/** The digests of an image's layers, as the registry has them. */
export async function layersOf({ stage }: Rehearsal, repository: string, digest: string): Promise<string[]> {
  const { registryUrl } = stage as RealStage;
  const accept =
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`${registryUrl}/v2/${repository}/manifests/${digest}`, { headers: { accept } });
  if (!answer.ok) throw new Error(`the registry answers ${answer.status} for ${repository}@${digest}`);
  return ((await answer.json()) as Manifest).layers.map((layer) => layer.digest);
}
