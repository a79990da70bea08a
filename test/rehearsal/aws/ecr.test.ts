import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
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
    expect(imageDetails).toMatchObject([{ imageDigest: second, imageTags: ['latest'] }]);
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
});
