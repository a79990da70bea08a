import type { Closed } from '../../lambdas/close-deployment.ts';
import { liveSlot } from '../host/simulated/host-state.ts';
import type { SimulatedHost } from '../host/simulated/simulated-host.ts';

/** As `serving` says it of a host: the 503 page, and nobody knows. */
const nothing = 'nothing';
export const unknown = 'unknown';

/** What each host must serve, by the outcomes of the deployments so far: a digest, nothing, or nobody knows. */
export class Expectations {
  readonly #app: string;
  readonly #hosts: readonly SimulatedHost[];
  readonly #expected = new Map<string, string>();

  /** `hosts` may grow: a new one serves nothing. */
  constructor(app: string, hosts: readonly SimulatedHost[]) {
    this.#app = app;
    this.#hosts = hosts;
  }

  /** Notes what an outcome says; answers a sentence for each host of which it is not true. */
  take(closed: Closed, when: string): string[] {
    const { outcome, serving = {} } = closed;
    const said = Object.entries(serving).flatMap(([name, hosts]) =>
      hosts.map((host) => ({ host, serves: name.split('@').at(-1)! })),
    );
    const contradicted = said.flatMap(({ host, serves }) => this.#takeOne(outcome, host, serves, when));
    return outcome === 'Inconsistent' ? contradicted : [...contradicted, ...this.#strays(closed, when)];
  }

  /** Of a deployment that came to nothing no container is left. */
  #strays({ outcome, deploymentId }: Closed, when: string): string[] {
    if (outcome === 'Succeeded') return [];
    const has = ({ state }: SimulatedHost) =>
      Object.values(state.apps.get(this.#app)?.slots ?? {}).some((one) => one.deploymentId === deploymentId);
    return this.#hosts.filter(has).map(({ instanceId }) => `${when}: its container is left on ${instanceId}`);
  }

  #takeOne(outcome: Closed['outcome'], id: string, serves: string, when: string): string[] {
    const host = this.#hosts.find(({ instanceId }) => instanceId === id)!;
    // Who was left out, or was never asked, has what it had.
    if (serves === unknown && outcome !== 'Inconsistent') return [];
    const before = this.#expected.get(id) ?? nothing;
    const wentBack = outcome === 'Failed' || outcome === 'RolledBack';
    const isLost = serves !== nothing && isDead(host, this.#app);
    this.#expected.set(id, wentBack && before !== unknown ? before : isLost ? unknown : serves);
    const has = serves === unknown ? unknown : containerOf(host, this.#app);
    return has === serves ? [] : [`${when}: it says that ${id} serves ${serves}, and it serves ${has}`];
  }

  hostsWithout = (digest: string): string[] =>
    this.#hosts.filter((host) => containerOf(host, this.#app) !== digest).map(({ instanceId }) => instanceId);

  /** A sentence for each host that serves anything else. */
  compare(when: string): string[] {
    return this.#hosts.flatMap((host) => {
      const expected = this.#expected.get(host.instanceId) ?? nothing;
      const served = isDead(host, this.#app) ? 'a dead container' : containerOf(host, this.#app);
      return expected === unknown || served === expected
        ? []
        : [`${when}: ${host.instanceId} serves ${served}, and not ${expected}`];
    });
  }
}

/** Digest of what has the traffic, whether it answers or not. */
function containerOf({ state }: SimulatedHost, app: string): string {
  const known = state.apps.get(app);
  const slot = known ? liveSlot(known) : 'none';
  return slot === 'none' ? nothing : (known!.slots[slot]?.digest ?? 'an empty slot');
}

const isDead = (host: SimulatedHost, app: string) => host.serve(app).status === 502;
