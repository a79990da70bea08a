import { phaseNames, type PhaseName } from '../../../../contracts/phase-name.ts';
import { either, goesOn, inPlaces, isRefused } from '../endings.ts';
import type { Fault } from '../fault.ts';
import { untilServed } from '../observe.ts';

const everyPhase = phaseNames;
/** What these do with Docker cannot be done while it is down. */
const withDocker: readonly PhaseName[] = [
  'pull-release',
  'run-migrations',
  'start-candidate',
  'switch-traffic',
];

export const hostFaults = {
  'kill-script': {
    says: 'kill -9 of the phase script',
    places: everyPhase,
    promise: goesOn,
    async strike({ mishaps }, script) {
      let ended = false;
      void script.ended.then(() => (ended = true));
      await Promise.resolve();
      if (ended) mishaps.push('the script had ended before it could be killed');
      await script.kill();
    },
  },
  'kill-agent': {
    says: "kill -9 of the agent's stand-in, back after twenty seconds",
    places: everyPhase,
    promise: goesOn,
    async strike(scene) {
      const agent = scene.ground.rehearsal.agentOf(scene.ground.host);
      agent.kill();
      scene.undo(() => agent.restart());
      scene.ground.clock.after(20_000, () => agent.restart());
    },
  },
  reboot: {
    says: 'reboot of the host',
    places: everyPhase,
    promise: goesOn,
    async strike(scene) {
      scene.excuse('machine down');
      await scene.ground.host.reboot();
      await untilServed(scene);
    },
  },
  'docker-restart': {
    says: 'restart of the Docker daemon',
    places: everyPhase,
    // A phase that needs Docker may say that it did not answer; what serves goes on, and the way back waits for it.
    promise: inPlaces(
      withDocker,
      either(
        goesOn,
        isRefused(
          'docker-not-ready',
          'pull-failed',
          'migration-failed',
          'image-not-runnable',
          'candidate-died',
        ),
      ),
      goesOn,
    ),
    strike: ({ ground }) =>
      ground.shell('systemctl reset-failed docker; systemctl restart docker').then(() => undefined),
  },
} satisfies Record<string, Fault>;
