import type { RunningScript } from '../../host/host.ts';
import type { PhaseName } from '../../../contracts/phase-name.ts';
import type { Fault } from './fault.ts';
import type { Scene } from './scene.ts';

/** Milliseconds that each phase takes on a prepared host: its moments are drawn from them. */
const usualMs: Readonly<Record<PhaseName, number>> = {
  inspect: 150,
  'mount-volume': 120,
  'install-docker': 200,
  'install-nginx': 1500,
  'resolve-database': 400,
  'resolve-env': 200,
  'pull-release': 400,
  'run-migrations': 1200,
  'start-candidate': 700,
  'switch-traffic': 150,
  bake: 2000,
  retire: 800,
  revert: 600,
};

/** On a bare host these have all to do. */
const bareMs: Partial<typeof usualMs> = {
  'mount-volume': 800,
  'install-docker': 9000,
  'install-nginx': 2500,
};

/** Lets the fault strike once, at a moment of its phase that is drawn; the answer waits for it, if it ever came to that. */
export async function strikeInPhase(scene: Scene, fault: Fault): Promise<() => Promise<void>> {
  let striking = Promise.resolve();
  await fault.arm?.(scene);
  if (fault.strike || !fault.arm)
    scene.whenBegun(scene.place, (script) => {
      striking = strike(scene, fault, script).catch((error: Error) => {
        scene.mishaps.push(`the fault itself failed: ${error.message}`);
      });
    });
  return () => striking;
}

async function strike(scene: Scene, fault: Fault, script: RunningScript): Promise<void> {
  const place = scene.place as PhaseName;
  const usual = (scene.ground.kind === 'bare' && bareMs[place]) || usualMs[place];
  const moment = fault.strike ? scene.random() * (fault.latest ?? 0.6) * usual : 0;
  await new Promise((resolve) => setTimeout(resolve, moment));
  scene.struckAt = Date.now();
  scene.ground.isStruck = true;
  await fault.strike?.(scene, script).finally(() => (scene.ground.isStruck = false));
}
