import { phaseName } from '../../../contracts/phase-name.ts';
import type { Clock } from '../../clock.ts';
import type { RehearsalHost, ScriptResult, ScriptRun } from '../host.ts';
import { FaultPlan, type PlannedFault } from './faults.ts';
import { bareHost, type HostState } from './host-state.ts';
import { isRunning, type ImageBehaviours } from './image-behaviour.ts';
import { PhaseScript, Stopped, type HostModel } from './run-phase.ts';
import { serve, type Served } from './serve.ts';
import { SharedLock } from './shared-lock.ts';

export interface SimulatedHostOptions {
  readonly clock: Clock;
  readonly instanceId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly architecture?: 'x86_64' | 'arm64';
  readonly availabilityZone?: string;
  readonly behaviours?: ImageBehaviours;
  readonly faults?: readonly PlannedFault[];
  /** Requests a second that Nginx would log. */
  readonly requestsPerSecond?: number;
  /** What differs from a bare host. */
  readonly state?: Partial<HostState>;
}

/** A model of a host: it answers each phase's contract, keeps the scripts' promises, and takes faults. It runs no script. */
export class SimulatedHost implements RehearsalHost {
  readonly kind = 'simulated';
  readonly instanceId: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly availabilityZone: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly state: HostState;
  readonly faults: FaultPlan;
  /** Every script the host was asked to run, in order. */
  readonly runs: ScriptRun[] = [];
  readonly #model: HostModel;
  readonly #running = new Set<() => void>();

  constructor(options: SimulatedHostOptions) {
    const { clock, instanceId, tags, behaviours = new Map(), requestsPerSecond = 0 } = options;
    this.instanceId = instanceId;
    this.tags = tags;
    this.architecture = options.architecture ?? 'x86_64';
    this.availabilityZone = options.availabilityZone ?? 'eu-central-1a';
    this.state = { ...bareHost(), architecture: this.architecture, ...options.state };
    this.faults = new FaultPlan(options.faults);
    const appLocks = new Map<string, SharedLock>();
    const appLock = (app: string) => appLocks.get(app) ?? appLocks.set(app, new SharedLock()).get(app)!;
    this.#model = {
      state: this.state,
      behaviours,
      requestsPerSecond,
      clock,
      hostLock: new SharedLock(),
      appLock,
    };
  }

  /** Knows a phase by its step's name; rejects when the host goes down meanwhile. */
  async runScript(run: ScriptRun): Promise<ScriptResult> {
    this.runs.push(run);
    const phase = phaseName.parse(run.stepName);
    const script = new PhaseScript(this.#model, run, phase, this.faults.next(phase));
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        stopTimer();
        this.#running.delete(abandon);
        script.kill();
        settle();
      };
      const abandon = () => end(() => reject(new Stopped('host-down')));
      const stopTimer = this.#model.clock.after(run.timeoutSeconds * 1000, () =>
        end(() => resolve(killed(true))),
      );
      this.#running.add(abandon);
      script.run().then(
        (result) => end(() => resolve(result)),
        (reason: unknown) => {
          if (!(reason instanceof Stopped)) end(() => reject(reason as Error));
          else if (reason.kind === 'killed') end(() => resolve(killed(false)));
          else this.goDown();
        },
      );
    });
  }

  /** The host goes down and comes up again: every script on it is gone, and containers that ran start again. */
  goDown(): void {
    const now = this.#model.clock.now();
    for (const abandon of [...this.#running]) abandon();
    for (const { slots } of this.state.apps.values())
      for (const container of Object.values(slots))
        if (isRunning(container, this.#model.behaviours, now)) container.startedAt = now;
  }

  async attachVolume(volumeId: string): Promise<void> {
    this.state.volumes.add(volumeId);
  }

  async destroy(): Promise<void> {}

  /** What a request to an app through port 80 would get now. */
  serve(app: string): Served {
    return serve(this.state.apps.get(app), this.#model.behaviours, this.#model.clock.now());
  }
}

const killed = (timedOut: boolean): ScriptResult => ({ exitCode: 137, timedOut, stdout: '', stderr: '' });
