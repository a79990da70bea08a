import { createHash } from 'node:crypto';
import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveImage } from '../../lambdas/resolve-image.ts';
import { AwsError } from '../../rehearsal/aws/service.ts';
import { openWire } from './support/aws-double.ts';
import { apps, digestOf, sampleRequest } from './support/samples.ts';
import { failureOf } from './support/setup.ts';

const oci = 'application/vnd.oci.image';
const registry = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

/** Manifests and blobs by digest, tags to digests. */
const content = new Map<string, string>();
const tags = new Map<string, string>();
let asked: unknown[];
let wire: Awaited<ReturnType<typeof openWire>>;

const store = (value: unknown): string => {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  content.set(digest, text);
  return digest;
};

interface Built {
  readonly architecture?: string;
  readonly os?: string;
  readonly Entrypoint?: string[] | null;
  readonly Cmd?: string[] | null;
  readonly layers?: number[];
  readonly mediaType?: string;
}

/** An image in the repository: answers its digest. */
function build({
  architecture = 'amd64',
  os = 'linux',
  Entrypoint,
  Cmd = ['serve'],
  layers = [100],
  mediaType,
}: Built = {}) {
  const config = store({ architecture, os, config: { Entrypoint, Cmd } });
  return store({
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: { mediaType: mediaType ?? `${oci}.config.v1+json`, digest: config, size: 10 },
    layers: layers.map((size) => ({ mediaType: `${oci}.layer.v1.tar+gzip`, digest: digestOf('c'), size })),
  });
}

interface Child {
  readonly digest: string;
  readonly os?: string;
  readonly architecture?: string;
}
const index = (children: Child[]) =>
  store({
    schemaVersion: 2,
    mediaType: `${oci}.index.v1+json`,
    manifests: children.map(({ digest, os = 'linux', architecture = 'amd64' }) => ({
      mediaType: `${oci}.manifest.v1+json`,
      digest,
      size: 1,
      platform: { os, architecture },
    })),
  });

beforeEach(async () => {
  for (const map of [content, tags]) map.clear();
  asked = [];
  wire = await openWire(
    {
      ecr: {
        BatchGetImage: ({ repositoryName, imageIds }) => {
          if (repositoryName !== 'team/web')
            throw new AwsError('RepositoryNotFoundException', 'no such repository');
          const ids = imageIds as { imageDigest?: string; imageTag?: string }[];
          if (ids.length === 0) throw new AwsError('InvalidParameterException', 'imageIds is empty');
          asked.push(...ids);
          const images = ids.flatMap(({ imageDigest, imageTag }) => {
            const digest = imageDigest ?? tags.get(imageTag!);
            const imageManifest = digest && content.get(digest);
            return imageManifest ? [{ imageId: { imageDigest: digest, imageTag }, imageManifest }] : [];
          });
          return { images, failures: [] };
        },
        GetDownloadUrlForLayer: ({ layerDigest }) => ({
          downloadUrl: `${wire.config.endpoint}/layers/${String(layerDigest)}`,
          layerDigest,
        }),
      },
    },
    (path) => content.get(path.replace('/layers/', '')),
  );
});
afterEach(() => wire.close());

const resolve = (digest: string | undefined, overrides = {}) =>
  resolveImage(sampleRequest({ digest, ...overrides }), apps, new ECRClient(wire.config), registry);
const refusal = (digest: string, overrides = {}) => failureOf(resolve(digest, overrides));

describe('an image', () => {
  test('that was pushed is looked up by its digest, whatever its tag means now', async () => {
    const digest = build({ layers: [70, 30] });
    tags.set('1.0.0', build({ Cmd: ['newer'] }));
    expect(await resolve(digest)).toEqual({
      buildVersion: '1.0.0',
      digest,
      repositoryUri: `${registry}/team/web`,
      compressedBytes: 100,
      architectures: ['x86_64'],
    });
    expect(asked).toEqual([{ imageDigest: digest }]);
  });

  test('that a person named by its tag is what the tag means now', async () => {
    const digest = build({ architecture: 'arm64', Cmd: null, Entrypoint: ['/app'] });
    tags.set('v7', digest);
    expect(await resolve(undefined, { buildVersion: 'v7' })).toMatchObject({
      digest,
      buildVersion: 'v7',
      architectures: ['arm64'],
    });
  });

  test('for several architectures has the index’s digest and the size of the largest; attestations count for nothing', async () => {
    const [amd, arm] = [build({ layers: [5] }), build({ architecture: 'arm64', layers: [3, 4] })];
    const attestation = store({ layers: [], config: { mediaType: 'x', digest: digestOf('d'), size: 1 } });
    const digest = index([
      { digest: amd },
      { digest: arm, architecture: 'arm64' },
      { digest: attestation, os: 'unknown', architecture: 'unknown' },
    ]);
    expect(await resolve(digest)).toMatchObject({
      digest,
      compressedBytes: 7,
      architectures: ['x86_64', 'arm64'],
    });
  });
});

test('an index without an image for an architecture says so: no host of it will be touched', async () => {
  const attestation = store({ layers: [], config: { mediaType: 'x', digest: digestOf('d'), size: 1 } });
  const digest = index([
    { digest: build({ architecture: 'arm64' }), architecture: 'arm64' },
    { digest: attestation, os: 'unknown', architecture: 'unknown' },
  ]);
  expect(await resolve(digest)).toMatchObject({ digest, architectures: ['arm64'] });
});

describe('an image is refused', () => {
  test('when the repository has no such tag or digest', async () => {
    expect(await failureOf(resolve(undefined, { buildVersion: 'typo' }))).toEqual({
      id: 'image-not-found',
      message: 'repository team/web has no image typo: push it, or check the tag',
    });
  });

  test('when what was pushed was deleted since, with what to do', async () => {
    expect(await refusal(digestOf('e'))).toEqual({
      id: 'image-not-found',
      message: `repository team/web has no image ${digestOf('e')} any more, which 1.0.0 meant: it was deleted. Push it again, or deploy another tag`,
    });
  });

  test('when there is no repository', async () => {
    expect(await refusal(digestOf('e'), { app: 'api' })).toMatchObject({
      id: 'image-not-found',
      message: expect.stringContaining('there is no repository team/api') as string,
    });
  });

  test('when its app is not configured', async () => {
    expect((await refusal(build(), { app: 'gone' })).id).toBe('unknown-app');
  });

  test.each([
    ['without ENTRYPOINT and CMD', () => build({ Cmd: null })],
    ['with empty ones', () => build({ Cmd: [], Entrypoint: [] })],
    ['that is a chart', () => build({ mediaType: 'application/vnd.cncf.helm.config.v1+json' })],
    ['for Windows', () => build({ os: 'windows' })],
    ['whose index names none', () => index([])],
    ['whose index is for Windows alone', () => index([{ digest: build(), os: 'windows' }])],
    ['whose index names an index', () => index([{ digest: index([{ digest: build() }]) }])],
    ['that is no manifest', () => store({ hello: 'world' })],
    [
      'whose config is none',
      () => store({ config: { mediaType: `${oci}.config.v1+json`, digest: store({}), size: 1 }, layers: [] }),
    ],
  ])('as not runnable: one %s', async (_, make) => {
    const { id, message } = await refusal(make());
    expect(id).toBe('image-not-runnable');
    expect(message).toMatch(/ cannot be run: .+\. Push a container image that keeps the image contract$/);
  });

  test('when no EC2 host has its architecture', async () => {
    expect(await refusal(build({ architecture: 's390x' }))).toEqual({
      id: 'image-architecture-mismatch',
      message: '1.0.0 is built for s390x; EC2 hosts are amd64 or arm64: build for those',
    });
  });

  test('but not blamed for a moment of trouble at the registry', async () => {
    const digest = build();
    for (const [key, text] of content) if (text.includes('architecture')) content.delete(key);
    expect((await refusal(digest)).id).toBe('Error');
  });
});
