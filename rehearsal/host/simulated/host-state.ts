import type { DatabaseMode } from '../../../contracts/database.ts';
import type { PhaseName } from '../../../contracts/phase-name.ts';

export type Slot = 'blue' | 'green';
export const otherSlot = (slot: Slot): Slot => (slot === 'blue' ? 'green' : 'blue');

/** A container on a slot. Times are epoch milliseconds of the clock. */
export interface Container {
  readonly digest: string;
  readonly deploymentId: string;
  readonly buildVersion: string;
  startedAt: number;
  /** Stopped by its own fault, or by retire. */
  stoppedAt?: number;
  /** When traffic first reached it. */
  liveSince?: number;
}

/** What a deployment did to an app's traffic, written before the flag changed. */
export interface Switch {
  readonly from: Slot | 'none';
  readonly to: Slot;
  readonly at: number;
}

export interface AppState {
  fence: number;
  /** By deployment, by phase: the facts of what is done. */
  readonly receipts: Map<string, Map<PhaseName, Record<string, unknown>>>;
  /** FINAL_DB_MODE of each deployment's env file. */
  readonly environments: Map<string, string>;
  readonly switches: Map<string, Switch>;
  /** Deployments whose way back has begun: nothing of them begins anew. */
  readonly withdrawn: Set<string>;
  /** Without it Nginx answers a plain 503. */
  live: boolean;
  /** The flag: traffic goes to green when it is there, to blue when it is not. */
  green: boolean;
  readonly slots: Partial<Record<Slot, Container>>;
  /** The site as Nginx has it loaded. */
  site?: string;
}

/** Everything that would survive a reboot, and the processes that come back by themselves after one. */
export interface HostState {
  distribution: string;
  architecture: string;
  /** Volumes attached to the host. */
  readonly volumes: Set<string>;
  /** What is on the Docker volume. */
  filesystem: 'blank' | 'ours' | { readonly foreign: string };
  mounted: boolean;
  docker: 'missing' | 'ready' | 'broken';
  nginx: 'missing' | 'ready';
  /** Whether Nginx would start with its configuration as it stands. */
  nginxConfigValid: boolean;
  /** The process that holds port 80, when it is not Nginx. */
  port80?: string;
  /** The processes that hold other ports, when they are no containers of ours. */
  readonly takenPorts: Map<number, string>;
  rootFreeBytes: number;
  volumeFreeBytes: number;
  readonly images: Set<string>;
  /** What the app's parameters ask for, and how its Postgres is. */
  configuredMode: DatabaseMode;
  postgres: 'up' | 'down';
  readonly apps: Map<string, AppState>;
}

const gibibyte = 2 ** 30;

/** A host as it comes from its AMI: nothing installed, nothing attached. */
export const bareHost = (): HostState => ({
  distribution: 'debian 12',
  architecture: 'x86_64',
  volumes: new Set(),
  filesystem: 'blank',
  mounted: false,
  docker: 'missing',
  nginx: 'missing',
  nginxConfigValid: true,
  takenPorts: new Map(),
  rootFreeBytes: 6 * gibibyte,
  volumeFreeBytes: 19 * gibibyte,
  images: new Set(),
  configuredMode: 'postgres_only',
  postgres: 'up',
  apps: new Map(),
});

export function appState(state: HostState, app: string): AppState {
  const known = state.apps.get(app);
  if (known) return known;
  const made: AppState = {
    fence: 0,
    receipts: new Map(),
    environments: new Map(),
    switches: new Map(),
    withdrawn: new Set(),
    live: false,
    green: false,
    slots: {},
  };
  state.apps.set(app, made);
  return made;
}

/** The slot that Nginx sends traffic to. */
export const liveSlot = ({ live, green }: AppState): Slot | 'none' =>
  live ? (green ? 'green' : 'blue') : 'none';
export const idleSlot = (app: AppState): Slot => (liveSlot(app) === 'blue' ? 'green' : 'blue');
