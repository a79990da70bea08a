import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  type DescribeImagesCommandInput,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
  paginateDescribeImages,
} from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registryNotifications } from '../../../rehearsal/aws/ecr-events.ts';
import { memoryImages, type MemoryImages } from '../../../rehearsal/aws/ecr-memory-images.ts';
import { createEcr, type EcrService } from '../../../rehearsal/aws/ecr.ts';
import type { BusEvent } from '../../../rehearsal/aws/event-bus.ts';
import { ecrPushEvent } from '../../../contracts/request.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { allow, resource, role, smallStack } from '../../support/small-stack.ts';

const stack = smallStack({
  Web: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'web' } },
  Host: role(
    allow('ecr:GetAuthorizationToken'),
    allow('ecr:BatchGetImage', { 'Fn::GetAtt': ['Web', 'Arn'] }),
  ),
});

type Published = Pick<BusEvent, 'source' | 'detail-type' | 'detail'>;
let clock: ManualClock;
let events: Published[];
let images: MemoryImages;
let ecr: EcrService;
let endpoint: TestEndpoint;
let client: ECRClient;
const sink = { publish: (event: Published) => void events.push(event) };

beforeEach(async () => {
  clock = new ManualClock();
  events = [];
  images = memoryImages(sink);
  ecr = createEcr({ stack, images, clock, importedRepositories: ['shop'], downloadUrl: () => endpoint.url });
  endpoint = await startEndpoint(stack, [ecr], [(request, response) => ecr.serveLayer(request, response)]);
  client = new ECRClient(endpoint.as());
});
afterEach(() => endpoint.close());

const get = (imageIds: { imageTag?: string; imageDigest?: string }[], repositoryName = 'web') =>
  client.send(new BatchGetImageCommand({ repositoryName, imageIds }));

describe('an image', () => {
  it('is found by tag and by digest, and its config can be downloaded', async () => {
    const digest = images.push({ repository: 'web', tag: 'v1', architecture: 'arm64', command: ['/serve'] });
    const { images: found } = await get([{ imageTag: 'v1' }, { imageDigest: digest }]);
    expect(found!.map(({ imageId }) => imageId!.imageDigest)).toEqual([digest, digest]);
    const { config } = JSON.parse(found![0]!.imageManifest!) as { config: { digest: string } };
    const { downloadUrl } = await client.send(
      new GetDownloadUrlForLayerCommand({ repositoryName: 'web', layerDigest: config.digest }),
    );
    const response = await fetch(downloadUrl!);
    expect(await response.json()).toMatchObject({ architecture: 'arm64', config: { Cmd: ['/serve'] } });
  });

  it('that is not there is a failure, not an error', async () => {
    const { images: found, failures } = await get([{ imageTag: 'nope' }, { imageTag: 'x; rm -rf /' }]);
    expect(found).toEqual([]);
    expect(failures!.map(({ failureCode }) => failureCode)).toEqual(['ImageNotFound', 'InvalidImageTag']);
  });

  it('keeps its digest when its tag moves on', async () => {
    const first = images.push({ repository: 'web', tag: 'latest', command: ['/one'] });
    const second = images.push({ repository: 'web', tag: 'latest', command: ['/two'] });
    expect((await get([{ imageTag: 'latest' }])).images![0]!.imageId!.imageDigest).toBe(second);
    expect((await get([{ imageDigest: first }])).images).toHaveLength(1);
    const { imageDetails } = await client.send(new DescribeImagesCommand({ repositoryName: 'web' }));
    expect(imageDetails).toHaveLength(2);
    expect(imageDetails).toMatchObject([
      { imageDigest: first },
      { imageDigest: second, imageTags: ['latest'] },
    ]);
    expect(imageDetails![0]).not.toHaveProperty('imageTags');
  });
});

const describeAll = (input: Partial<DescribeImagesCommandInput> = {}) =>
  client.send(new DescribeImagesCommand({ repositoryName: 'web', ...input }));
const remove = (imageIds: { imageTag?: string; imageDigest?: string }[]) =>
  client.send(new BatchDeleteImageCommand({ repositoryName: 'web', imageIds }));
const eventsOf = (action: string) => events.filter(({ detail }) => detail['action-type'] === action);

describe('a list of images', () => {
  it('says when each was pushed first: another tag does not renew it', async () => {
    const pushedAt = Date.parse('2026-01-01T10:00:00Z');
    const image = { repository: 'web', command: ['/one'], tag: 'v1', labels: { tag: 'same' } };
    images.push({ ...image, pushedAt });
    const { imageDetails } = await describeAll();
    expect(imageDetails).toMatchObject([{ imageTags: ['v1'], imagePushedAt: new Date(pushedAt) }]);
    await expect(describeAll({ imageIds: [{ imageTag: 'v2' }] })).rejects.toMatchObject({
      name: 'ImageNotFoundException',
      message: expect.stringContaining("imageTag:'v2'") as string,
    });
  });

  it('has pages and can be narrowed to images with or without a tag', async () => {
    const digests = ['/a', '/b', '/c'].map((path) =>
      images.push({ repository: 'web', tag: path === '/c' ? undefined : path.slice(1), command: [path] }),
    );
    const seen: unknown[] = [];
    for await (const page of paginateDescribeImages({ client, pageSize: 2 }, { repositoryName: 'web' }))
      seen.push(page.imageDetails!.map(({ imageDigest }) => imageDigest));
    expect(seen).toEqual([digests.slice(0, 2), digests.slice(2)]);
    const { imageDetails } = await describeAll({ filter: { tagStatus: 'UNTAGGED' } });
    expect(imageDetails!.map(({ imageDigest }) => imageDigest)).toEqual([digests[2]]);
  });
});

describe('a push of what is there already', () => {
  const image = { repository: 'web', tag: 'v1', command: ['/one'] };
  const indexOf = (digest: string, tag: string) =>
    images.pushIndex({ repository: 'web', tag, children: [{ digest, architecture: 'amd64' }] });

  it('is none: no event tells of it', () => {
    images.push(image);
    images.push(image);
    expect(eventsOf('PUSH')).toHaveLength(1);
  });

  it('is one under another tag, and under a tag that has moved away and comes back', () => {
    const [one, two] = [images.push(image), images.push({ ...image, tag: 'v2' })];
    for (const [digest, tag] of [
      [one, 'a'],
      [one, 'b'],
      [two, 'a'],
      [one, 'a'],
    ] as const)
      indexOf(digest, tag);
    expect(
      eventsOf('PUSH')
        .slice(2)
        .map(({ detail }) => detail['image-tag']),
    ).toEqual(['a', 'b', 'a', 'a']);
  });
});

describe('a deletion', () => {
  const image = { repository: 'web', tag: 'v1', command: ['/one'], labels: { tag: 'x' } };

  it('by digest takes the image with all its tags, and tells of each', async () => {
    const child = images.push(image);
    const index = { repository: 'web', children: [{ digest: child, architecture: 'amd64' }] };
    const digest = images.pushIndex({ ...index, tag: 'a' });
    images.pushIndex({ ...index, tag: 'b' });
    const { imageIds, failures } = await remove([{ imageDigest: digest }]);
    expect([imageIds!.map(({ imageTag }) => imageTag), failures]).toEqual([['a', 'b'], []]);
    expect(eventsOf('DELETE').map(({ detail }) => detail['image-tag'])).toEqual(['a', 'b']);
    expect((await get([{ imageDigest: digest }])).images).toEqual([]);
  });

  it('by tag leaves the image under its other tags, and takes it with the last one', async () => {
    const child = images.push(image);
    const index = { repository: 'web', children: [{ digest: child, architecture: 'amd64' }] };
    const digest = images.pushIndex({ ...index, tag: 'a' });
    images.pushIndex({ ...index, tag: 'b' });
    await remove([{ imageTag: 'a' }]);
    expect((await get([{ imageDigest: digest }, { imageTag: 'a' }])).images).toHaveLength(1);
    await remove([{ imageTag: 'b' }]);
    expect((await get([{ imageDigest: digest }])).images).toEqual([]);
  });

  it('is refused for what an index refers to, until the index is gone', async () => {
    const child = images.push(image);
    const index = images.pushIndex({
      repository: 'web',
      tag: 'i',
      children: [{ digest: child, architecture: 'amd64' }],
    });
    const { failures } = await remove([{ imageDigest: child }, { imageDigest: `sha256:${'0'.repeat(64)}` }]);
    expect(failures!.map(({ failureCode }) => failureCode)).toEqual([
      'ImageReferencedByManifestList',
      'ImageNotFound',
    ]);
    expect((await remove([{ imageDigest: index }, { imageDigest: child }])).failures).toEqual([]);
  });

  it('takes a hundred at once, and so does a look', async () => {
    const ids = Array.from({ length: 101 }, (_, index) => ({ imageTag: `v${index}` }));
    await expect(remove(ids)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(get(ids)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

it('knows the stack’s repositories and the imported ones, and no other', async () => {
  const { repositories } = await client.send(new DescribeRepositoriesCommand({}));
  expect(repositories!.map(({ repositoryUri }) => repositoryUri)).toEqual([
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com/web',
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop',
  ]);
  await expect(get([{ imageTag: 'v1' }], 'nope')).rejects.toMatchObject({
    name: 'RepositoryNotFoundException',
  });
});

it('hands out a registry password that expires', async () => {
  const host = resource(stack, 'Host').arn;
  const { authorizationData } = await new ECRClient(endpoint.as(host)).send(
    new GetAuthorizationTokenCommand({}),
  );
  const [user, password] = Buffer.from(authorizationData![0]!.authorizationToken!, 'base64')
    .toString()
    .split(':');
  expect(user).toBe('AWS');
  expect(ecr.checkPassword(password!)).toEqual({ principal: host });
  expect(ecr.checkPassword('guess')).toBeUndefined();
  await clock.advance(12 * 3_600_000);
  expect(ecr.checkPassword(password!)).toBeUndefined();
});

it('lets a role read its repository only', async () => {
  images.push({ repository: 'shop', tag: 'v1' });
  client = new ECRClient(endpoint.as(resource(stack, 'Host').arn));
  await expect(get([{ imageTag: 'v1' }])).resolves.toBeDefined();
  await expect(get([{ imageTag: 'v1' }], 'shop')).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

describe('the registry’s notifications', () => {
  let listener: Server;
  beforeEach(async () => {
    listener = createServer(registryNotifications(sink));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => listener.close(resolve)));

  const digest = `sha256:${'a'.repeat(64)}`;
  const manifest = 'application/vnd.docker.distribution.manifest.v2+json';
  const notify = (...targets: object[]) => {
    const { port } = listener.address() as AddressInfo;
    const body = JSON.stringify({ events: targets.map((target) => ({ id: 'x', action: 'push', target })) });
    return fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
  };

  it('become push events that the deployer accepts', async () => {
    await notify({ mediaType: manifest, digest, repository: 'web', tag: 'v1' });
    const about = { id: 'e', time: '2026-01-01T00:00:00Z' };
    expect(ecrPushEvent.parse({ ...about, ...events[0] }).detail['image-tag']).toBe('v1');
  });

  it('have no tag for a manifest pushed by digest, and are silent about layers', async () => {
    await notify(
      { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, repository: 'web' },
      { mediaType: 'application/vnd.oci.image.index.v1+json', digest, repository: 'web' },
    );
    expect(events).toHaveLength(1);
    expect(events[0]!.detail).not.toHaveProperty('image-tag');
  });

  it('are silent about a manifest that is pushed again as it was', async () => {
    const target = { mediaType: manifest, digest, repository: 'web' };
    for (const tag of ['v1', 'v1', 'v2']) await notify({ ...target, tag });
    expect(events.map(({ detail }) => detail['image-tag'])).toEqual(['v1', 'v2']);
  });
});
