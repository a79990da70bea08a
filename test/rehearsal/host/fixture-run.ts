import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { RealHost } from '../../../rehearsal/host/real/real-host.ts';

/** A run that holds a host until it is killed. */
const host = await RealHost.create(await ensureBaseImage(), {
  instanceId: 'i-0123456789abcdef1',
  region: 'eu-central-1',
  availabilityZone: 'eu-central-1a',
  accountId: '123456789012',
  tags: {},
  volume: { volumeId: 'vol-0123456789abcdef1', sizeGiB: 1, content: 'blank', attached: true },
});
console.log(`edgepaas${host.gatewayAddress.split('.')[2]}`);
setInterval(() => {}, 1_000_000);
