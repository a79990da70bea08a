import { commonParameters } from '../../../contracts/phase.ts';
import type { PhaseName } from '../../../contracts/phase-name.ts';
import { phases } from '../../../contracts/phases/index.ts';
import type { Receipt } from '../../../contracts/receipt.ts';
import type { Clock } from '../../clock.ts';
import type { ScriptResult, ScriptRun } from '../host.ts';
import type { Fault, FaultTime } from './faults.ts';
import { appState, liveSlot, type HostState } from './host-state.ts';
import type { ImageBehaviours } from './image-behaviour.ts';
import { phaseModels } from './phases/index.ts';
import { fail, PhaseFailure, type Facts, type PhaseModel, type PhaseRun } from './run.ts';
import { forever, ScriptLocks } from './script-locks.ts';
import type { SharedLock } from './shared-lock.ts';

/** What the scripts of one host share. */
export interface HostModel {
  readonly state: HostState;
  readonly behaviours: ImageBehaviours;
  readonly requestsPerSecond: number;
  readonly clock: Clock;
  readonly hostLock: SharedLock;
  appLock(app: string): SharedLock;
}

/** Thrown through a script whose processes, or whose host, go away at a planned place. */
export class Stopped extends Error {
  readonly kind: 'killed' | 'host-down';
  constructor(kind: 'killed' | 'host-down') {
    super(kind);
    this.kind = kind;
  }
}

/** Walks one script from its parameters to its answer, with the frame that all phases have. */
export class PhaseScript {
  readonly #model: HostModel;
  readonly #run: ScriptRun;
  readonly #phase: PhaseName;
  readonly #fault: Fault | undefined;
  readonly #began: number;
  readonly #locks: ScriptLocks;
  #alive = true;

  constructor(model: HostModel, run: ScriptRun, phase: PhaseName, fault: Fault | undefined) {
    this.#model = model;
    this.#run = run;
    this.#phase = phase;
    this.#fault = fault;
    this.#began = model.clock.now();
    this.#locks = new ScriptLocks(model.hostLock, model.clock);
  }

  /** SIGKILL: nothing of the script goes on, and its locks are free. */
  kill(): void {
    this.#alive = false;
    this.#locks.end();
  }

  async run(): Promise<ScriptResult> {
    try {
      return await this.#answer();
    } catch (error) {
      if (error instanceof Stopped) throw error;
      if (error instanceof PhaseFailure) return this.#failed(error);
      return this.#failed(new PhaseFailure('phase-crashed', (error as Error).message));
    } finally {
      this.#locks.release();
    }
  }

  async #answer(): Promise<ScriptResult> {
    await this.#stopAt('before');
    if (this.#fault?.kind === 'fail') fail(this.#fault.failure, this.#fault.cause ?? 'as planned');
    this.#checkParameters();
    if (this.#fault?.kind === 'slow') await this.#sleep(this.#fault.ms);
    const model = phaseModels[this.#phase];
    const run = this.#phaseRun();
    await this.#takeLocks(run.app);
    this.#checkFence(run, model.lock !== 'none');
    const before = run.state.receipts.get(run.deploymentId)?.get(this.#phase);
    if (before && model.stillHolds(run)) return this.#print(run, 'already-done', before);
    const facts = await this.#perform(model, run);
    await this.#stopAt('before-receipt');
    if (model.lock !== 'none') this.#writeReceipt(run, facts);
    await this.#stopAt('before-answer');
    if (this.#fault?.kind === 'garbage')
      return { exitCode: 0, timedOut: false, stdout: this.#fault.stdout, stderr: '' };
    return this.#print(run, 'done', facts);
  }

  async #perform(model: PhaseModel, run: PhaseRun): Promise<Facts> {
    const steps = model.perform(run);
    for (let taken = 0; ; taken += 1) {
      await this.#stopAt({ afterSteps: taken });
      const { done, value } = await steps.next();
      if (done) return value;
    }
  }

  async #stopAt(time: FaultTime): Promise<void> {
    const fault = this.#fault;
    if (fault?.kind !== 'hang' && fault?.kind !== 'killed' && fault?.kind !== 'host-down') return;
    if (JSON.stringify(fault.when) !== JSON.stringify(time)) return;
    if (fault.kind === 'hang') return forever();
    throw new Stopped(fault.kind);
  }

  /** As the script's own check: a parameter that is unset, or not of its pattern. */
  #checkParameters(): void {
    for (const name of Object.keys({ ...commonParameters, ...phases[this.#phase].parameters }))
      if (!this.#isOfItsForm(name))
        fail('invalid-parameter', `Parameter ${name} did not reach the host, or is not of its form`);
  }

  #takeLocks = (app: string) => this.#locks.take(phaseModels[this.#phase], this.#model.appLock(app));

  #checkFence({ state, fence, app, deploymentId }: PhaseRun, record: boolean): void {
    if (state.fence > fence)
      fail('fence-stale', `This host has seen fence ${state.fence} of ${app}, which is newer than ${fence}`);
    if (
      phaseModels[this.#phase].lock !== 'none' &&
      this.#phase !== 'revert' &&
      state.withdrawn.has(deploymentId)
    )
      fail('fence-stale', `This host has taken ${deploymentId} back since ${this.#phase} was sent`);
    if (record) state.fence = fence;
  }

  #writeReceipt({ state, deploymentId }: PhaseRun, facts: Facts): void {
    const receipts = state.receipts.get(deploymentId) ?? new Map<PhaseName, Facts>();
    state.receipts.set(deploymentId, receipts.set(this.#phase, facts));
  }

  /** Resolves after so long, or never, if the script was killed meanwhile. */
  #sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      this.#model.clock.after(milliseconds, () => {
        if (this.#alive) resolve();
      });
    });

  async #watch(milliseconds: number, run: () => PhaseRun): Promise<void> {
    this.#locks.release();
    await this.#sleep(milliseconds);
    await this.#takeLocks(run().app);
    this.#checkFence(run(), false);
  }

  #phaseRun(): PhaseRun {
    const { state, behaviours, requestsPerSecond, clock } = this.#model;
    const parameter = (name: string) => this.#run.environment[`SSM_${name}`] ?? '';
    const app = parameter('app');
    const run: PhaseRun = {
      app,
      deploymentId: parameter('deploymentId'),
      fence: Number(parameter('fence')),
      parameter,
      number: (name) => Number(parameter(name)),
      host: state,
      // inspect leaves no trace, not even an empty state.
      state:
        phaseModels[this.#phase].lock === 'none'
          ? (state.apps.get(app) ?? appState({ ...state, apps: new Map() }, app))
          : appState(state, app),
      behaviours,
      requestsPerSecond,
      clock,
      sleep: this.#sleep,
      watch: (milliseconds) => this.#watch(milliseconds, () => run),
    };
    return run;
  }

  #print(run: PhaseRun, result: 'done' | 'already-done', facts: Facts): ScriptResult {
    const receipt: Receipt = { ...this.#common(run), result, facts };
    return { exitCode: 0, timedOut: false, stdout: `${JSON.stringify(receipt)}\n`, stderr: '' };
  }

  #failed({ failure, message }: PhaseFailure): ScriptResult {
    const receipt: Receipt = {
      ...this.#common(this.#identity()),
      result: 'failed',
      failure,
      cause: message,
      ...(failure === 'revert-failed' && { liveDigest: this.#liveDigest() }),
    };
    return {
      exitCode: 1,
      timedOut: false,
      stdout: `${JSON.stringify(receipt)}\n`,
      stderr: `${failure}: ${message}\n`,
    };
  }

  #liveDigest(): string {
    const state = this.#model.state.apps.get(this.#run.environment.SSM_app ?? '');
    const slot = state ? liveSlot(state) : 'none';
    return slot === 'none' ? '' : (state!.slots[slot]?.digest ?? '');
  }

  /** What the script says of itself when it was not even told who it is. */
  #identity(): Pick<PhaseRun, 'deploymentId' | 'fence'> {
    const { SSM_deploymentId: deploymentId = '', SSM_fence: fence = '' } = this.#run.environment;
    const isKnown = ['app', 'deploymentId', 'fence'].every((name) => this.#isOfItsForm(name));
    return isKnown ? { deploymentId, fence: Number(fence) } : { deploymentId: 'unknown-0', fence: 1 };
  }

  #isOfItsForm(name: string): boolean {
    const { pattern } = { ...commonParameters, ...phases[this.#phase].parameters }[name]!;
    const value = this.#run.environment[`SSM_${name}`];
    return value !== undefined && new RegExp(pattern).test(value);
  }

  #common({ deploymentId, fence }: Pick<PhaseRun, 'deploymentId' | 'fence'>) {
    return { phase: this.#phase, deploymentId, fence, ms: this.#model.clock.now() - this.#began };
  }
}
