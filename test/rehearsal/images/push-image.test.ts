import { expect, it } from 'vitest';
import { buildImage } from '../../../rehearsal/images/build-image.ts';
import { pushImage, PushRefused } from '../../../rehearsal/images/push-image.ts';
import { startTestRegistry } from './registry.ts';

const build = (buildVersion: string) => buildImage({ buildVersion, base: 'empty' });

it('pushes blobs, then the manifest under its tag', async () => {
  const registry = await startTestRegistry();
  const image = await build('v1');
  const pushed = await pushImage({ image, registry: registry.url, repository: 'shop', tag: 'v1' });
  expect(pushed.digest).toBe(image.digest);
  expect(pushed.uploadedBytes).toBe(image.blobs.reduce((sum, { size }) => sum + size, 0));
  expect(registry.stored.get('shop/manifests/v1')).toEqual(await image.manifest.read());
  expect(registry.requests.at(-1)).toBe('PUT shop/manifests/v1');
});

it('uploads only what the registry lacks', async () => {
  const registry = await startTestRegistry();
  const [v1, v2] = [await build('v1'), await build('v2')];
  await pushImage({ image: v1, registry: registry.url, repository: 'shop', tag: 'v1' });
  const { uploadedBytes } = await pushImage({
    image: v2,
    registry: registry.url,
    repository: 'shop',
    tag: 'v2',
  });
  expect(uploadedBytes).toBe(v2.blobs[0]!.size); // the configuration: the app is the same
  const again = await pushImage({ image: v2, registry: registry.url, repository: 'shop', tag: 'latest' });
  expect(again.uploadedBytes).toBe(0);
});

it('authenticates every request when told how', async () => {
  const registry = await startTestRegistry();
  const request = { image: await build('v1'), registry: registry.url, repository: 'shop', tag: 'v1' };
  await pushImage({ ...request, authorization: 'Basic c2VjcmV0' });
  expect([...registry.authorizations]).toEqual(['Basic c2VjcmV0']);
});

it('says what the registry refused', async () => {
  const registry = await startTestRegistry();
  const image = await build('v1');
  const damaged = {
    ...image,
    blobs: image.blobs.map((blob) => ({ ...blob, read: async () => Buffer.from('other') })),
  };
  const push = pushImage({ image: damaged, registry: registry.url, repository: 'shop', tag: 'v1' });
  await expect(push).rejects.toThrow(PushRefused);
  await expect(push).rejects.toThrow(/PUT \/v2\/shop\/blobs\/uploads\/7: 400 DIGEST_INVALID/);
});
