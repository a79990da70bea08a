import type { AskRegistryFault, RegistryFault } from '../../../host/real/registry-fault.ts';
import { either, goesOn, isRefused } from '../endings.ts';
import type { Fault } from '../fault.ts';
import type { Scene } from '../scene.ts';

const brokenOff = 50_000;

/** So many requests for a blob, of those that Docker sends and sends again, meet this. */
const blobsMeet = (times: number, fault: RegistryFault) => (scene: Scene) => {
  let left = times;
  const ask: AskRegistryFault = (_, url) => {
    if (left === 0 || !url.includes('/blobs/')) return undefined;
    left -= 1;
    scene.struckAt ??= Date.now();
    return fault;
  };
  scene.ground.levers.registryFault = ask;
};

export const registryFaults = {
  'registry-breaks-off': {
    says: 'the registry breaks off in mid-pull, once',
    places: ['pull-release'],
    promise: either(goesOn, isRefused('pull-failed')),
    arm: blobsMeet(1, { resetAfterBytes: brokenOff }),
  },
  'registry-down': {
    says: 'the registry goes down in mid-pull',
    places: ['pull-release'],
    promise: isRefused('pull-failed'),
    arm: blobsMeet(Infinity, 'unavailable'),
  },
  'corrupt-layer': {
    says: 'a layer arrives corrupt',
    places: ['pull-release'],
    promise: isRefused('pull-failed'),
    arm: blobsMeet(Infinity, 'corrupt'),
  },
} satisfies Record<string, Fault>;
