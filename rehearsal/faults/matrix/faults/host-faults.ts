import { phaseNames, type PhaseName } from '../../../../contracts/phase-name.ts';
import { either, goesOn, inPhases, isRefused } from '../endings.ts';
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
    phases: everyPhase,
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
    says: "kill -9 of the agent's stand-in, back a second later",
    phases: everyPhase,
    promise: goesOn,
    async strike(scene) {
      const agent = scene.ground.rehearsal.agentOf(scene.ground.host);
      agent.kill();
      scene.undo(() => agent.restart());
      setTimeout(() => agent.restart(), 1000);
    },
  },
  reboot: {
    says: 'reboot of the host',
    phases: everyPhase,
    promise: goesOn,
    async strike(scene) {
      scene.excuse('machine down');
      await scene.ground.host.reboot();
      await untilServed(scene);
    },
  },
  'docker-restart': {
    says: 'restart of the Docker daemon',
    phases: everyPhase,
    // A phase that needs Docker may say that it did not answer; what serves goes on, and the way back waits for it.
    promise: inPhases(
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
    strike: ({ ground }) => ground.shell('systemctl restart docker').then(() => undefined),
  },
} satisfies Record<string, Fault>;
