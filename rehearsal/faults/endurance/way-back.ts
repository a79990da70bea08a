import type { RealHost } from '../../host/real/real-host.ts';

/** Two releases: the one that is live, and the one that a rollback means. */
export interface Releases {
  readonly live: string;
  readonly before: string | undefined;
}

/**
 * What is missing on a host of these releases, by digest. After a deployment that succeeded the container of the release before stands
 * on the other slot; one that failed has taken that slot, and of the release before the image is left.
 */
export async function missingForWayBack(
  host: RealHost,
  { live, before }: Releases,
  hasContainer: boolean,
): Promise<string[]> {
  const list = async (...command: string[]) => (await host.exec(['docker', ...command])).split('\n');
  const images = await list('images', '--digests', '--no-trunc', '--format', '{{.Digest}}');
  const format = '{{.State}} {{.Label "edgepaas.digest"}}';
  const containers = await list('ps', '--all', '--no-trunc', '--format', format);
  const wanted = before === undefined ? [live] : [live, before];
  return [
    ...wanted.filter((digest) => !images.includes(digest)).map((digest) => `the image ${digest} is gone`),
    ...(containers.includes(`running ${live}`) ? [] : ['the live container does not run']),
    ...(!before || !hasContainer || containers.includes(`exited ${before}`)
      ? []
      : ['the container of the release before is gone']),
  ];
}
