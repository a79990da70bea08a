import type { PhaseName } from '../../../../contracts/phase-name.ts';
import { either, goesOn, isRefused } from '../endings.ts';
import type { Fault } from '../fault.ts';
import { soonMs, type Scene } from '../scene.ts';

/** The release before serves until the switch; from then on what serves is the candidate. */
const whileOldServes: readonly PhaseName[] = [
  'inspect',
  'mount-volume',
  'install-docker',
  'install-nginx',
  'resolve-database',
  'resolve-env',
  'pull-release',
  'run-migrations',
  'start-candidate',
];
const whileCandidateWaits: readonly PhaseName[] = ['start-candidate', 'switch-traffic'];

/**
 * By the kernel, as when it crashes: what `docker kill` ends Docker takes for meant. A candidate has yet to be there, and
 * to listen to its signals. */
const signal = (name: string, filter: string) => `
  for _ in $(seq 100); do
    container=$(docker ps --quiet --filter ${filter} | head -1)
    [ -z "$container" ] || break
    sleep 0.02
  done
  pid=$(docker inspect --format '{{.State.Pid}}' "$container")
  for _ in $(seq 250); do
    kill -${name} "$pid" 2>/dev/null || exit 0
    sleep 0.02
  done
  echo 'it lives on after 5 s'; exit 1`;

const ofLive = `label=edgepaas.slot=$([ -e /var/lib/edgepaas/apps/web/traffic/green ] && echo green || echo blue)`;
const ofCandidate = ({ version }: Scene) => `label=edgepaas.build-version=${version}`;

async function killContainer(scene: Scene, name: 'KILL' | 'USR2', filter: string): Promise<void> {
  const excuse = scene.excuse('container killed');
  await scene.ground.shell(signal(name, filter));
  excuse.until = Date.now() + soonMs;
}

const crash = (filter: (scene: Scene) => string) => (scene: Scene) =>
  killContainer(scene, 'KILL', filter(scene));
const starve = (filter: (scene: Scene) => string) => (scene: Scene) =>
  killContainer(scene, 'USR2', filter(scene));

const isFoundOut = isRefused('candidate-died', 'health-check-failed');

/** A candidate that Docker starts again may still prove itself; one that takes its time to die is found out after the switch. */
const provesItselfOrNot = either(goesOn, () => isFoundOut('switch-traffic'));

export const containerFaults = {
  'live-crash': {
    says: 'the live container crashes',
    places: [...whileOldServes, 'retire', 'revert'],
    promise: goesOn,
    strike: crash(() => ofLive),
  },
  'live-oom': {
    says: 'the live container is killed for want of memory',
    places: ['inspect', 'pull-release', 'start-candidate', 'retire', 'revert'],
    promise: goesOn,
    strike: starve(() => ofLive),
  },
  'candidate-crash': {
    says: 'the candidate crashes',
    places: [...whileCandidateWaits, 'bake'],
    promise: (place) => (place === 'bake' ? isRefused('candidate-died') : provesItselfOrNot)(place),
    strike: crash(ofCandidate),
  },
  'candidate-oom': {
    says: 'the candidate is killed for want of memory',
    places: [...whileCandidateWaits, 'bake'],
    promise: (place) => (place === 'bake' ? isRefused('candidate-died') : provesItselfOrNot)(place),
    strike: starve(ofCandidate),
  },
} satisfies Record<string, Fault>;

/** The matrix' way to revert: the candidate dies as soon as it has traffic. */
export const killCandidate = crash(ofCandidate);
