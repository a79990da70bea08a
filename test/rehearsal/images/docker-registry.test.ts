import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { startRegistry, type Registry } from '../../../rehearsal/host/real/registry.ts';
import { buildImage } from '../../../rehearsal/images/build-image.ts';
import { pushImage } from '../../../rehearsal/images/push-image.ts';
import { variants } from '../../../rehearsal/images/variants.ts';
import { describeRealHost } from '../host/fixture.ts';

describeRealHost("Debian's docker-registry", () => {
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry((await ensureBaseImage()).folder, 'http://127.0.0.1:9/');
  });
  afterAll(() => registry?.close());

  const push = async (buildVersion: string) => {
    const image = await buildImage(variants.healthy(buildVersion, 1_000_000));
    return pushImage({ image, registry: registry.url, repository: 'apps/shop', tag: buildVersion });
  };

  it('takes an image, and of the next one only what is new', async () => {
    const [first, second] = [await push('v1'), await push('v2')];
    expect(first.uploadedBytes).toBeGreaterThan(30_000_000);
    expect(second.uploadedBytes).toBeGreaterThan(1_000_000);
    expect(second.uploadedBytes).toBeLessThan(1_100_000);
    const headers = { Accept: 'application/vnd.oci.image.manifest.v1+json' };
    const found = await fetch(`${registry.url}/v2/apps/shop/manifests/v2`, { headers });
    expect(found.headers.get('Docker-Content-Digest')).toBe(second.digest);
  });
});
