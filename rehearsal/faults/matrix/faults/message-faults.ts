import { phaseNames, type PhaseName } from '../../../../contracts/phase-name.ts';
import type { StatusEvent } from '../../../aws/ssm-events.ts';
import { goesOn, inPlaces, isClosed, isRefused, either } from '../endings.ts';
import type { Fault } from '../fault.ts';
import { somePhases } from '../place.ts';
import { phaseOfCommand, type Scene } from '../scene.ts';

const hour = 3_600_000;
const minute = 60_000;

/** What happens to every event of the phase's commands. */
const whatEventsMeet = (fate: { drop?: boolean; copies?: number; delayMs?: number }) => (scene: Scene) => {
  scene.ground.levers.statusEvent = ({ detail }: StatusEvent) => {
    if (phaseOfCommand(scene.ground, detail['command-id']) !== scene.place) return undefined;
    scene.struckAt ??= Date.now();
    return fate;
  };
};

/** What an hour brings is still of this case. */
const passAnHour = ({ ground, undo }: Scene) =>
  undo(() => ground.clock.skip(hour, () => !ground.rehearsal.deployer.busy));

/** These phases ask AWS, or the package host beside it, from the host itself. */
const askingAws: readonly PhaseName[] = [
  'mount-volume',
  'install-docker',
  'install-nginx',
  'resolve-database',
  'resolve-env',
  'pull-release',
];

export const messageFaults = {
  'event-lost': {
    says: "SSM's events of the phase are lost",
    places: somePhases,
    promise: goesOn,
    arm: whatEventsMeet({ drop: true }),
  },
  'event-doubled': {
    says: "SSM's events of the phase come twice",
    places: somePhases,
    promise: goesOn,
    arm: whatEventsMeet({ copies: 2 }),
  },
  'event-late': {
    says: "SSM's events of the phase come an hour late",
    places: ['start-candidate', 'switch-traffic', 'revert'],
    promise: goesOn,
    arm(scene) {
      whatEventsMeet({ delayMs: hour })(scene);
      passAnHour(scene);
    },
  },
  'delivery-timed-out': {
    says: 'SSM says that the delivery timed out, though the script ran',
    places: somePhases,
    promise: goesOn,
    arm(scene) {
      scene.ground.levers.delivery = ({ commandId }) => {
        if (scene.struckAt || phaseOfCommand(scene.ground, commandId) !== scene.place) return undefined;
        scene.struckAt = Date.now();
        return { resultLost: true };
      };
    },
  },
  'network-cut': {
    says: 'the network from the host to AWS is cut for a minute',
    places: phaseNames,
    promise: inPlaces(
      askingAws,
      either(
        goesOn,
        isRefused('package-install-failed', 'parameters-unreadable', 'registry-login-failed', 'pull-failed'),
      ),
      goesOn,
    ),
    async strike({ ground, undo }) {
      const mend = await ground.host.cutFromAws();
      undo(mend);
      ground.clock.after(minute, () => void mend());
    },
  },
  aborted: {
    says: 'a person stops the execution',
    places: phaseNames,
    promise: isClosed,
    async strike({ ground }) {
      const running = ground.rehearsal.deployer.states.executions().filter(({ result }) => !result);
      await ground.rehearsal.abort(running.at(-1)!.arn);
    },
  },
} satisfies Record<string, Fault>;
