import { killCandidate } from './faults/container-faults.ts';
import type { Scene } from './scene.ts';

/** Phases that a prepared host is spared. */
const setUp = ['mount-volume', 'install-docker', 'install-nginx'];

/** Milliseconds of traffic that a candidate gets before it dies. */
const shortLifeMs = 300;

/** Sees to it that the next push walks the phase. */
export async function reachPhase(scene: Scene): Promise<void> {
  // Inspect finds a program missing, and the phases that set a host up are walked, which then finds it too.
  if (setUp.includes(scene.place) && scene.ground.kind !== 'bare')
    await scene.ground.shell('dpkg --remove --force-depends jq >/dev/null');
  if (scene.place !== 'revert') return;
  scene.whenBegun('bake', () => {
    setTimeout(() => {
      killCandidate(scene).catch((error: Error) => scene.mishaps.push(error.message));
    }, shortLifeMs);
  });
}
