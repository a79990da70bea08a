import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { AppSettings } from '../contracts/app-settings.ts';
import { appSettings } from '../lib/app-settings.ts';
import { readConfig } from '../lib/read-config.ts';
import type { Agent } from './agent/agent.ts';
import type { HistoryEvent } from './asl/history.ts';
import type { Execution } from './aws/states/executions.ts';
import { startDeployer, type Deployer, type DeployerOptions } from './deployer.ts';
import type { RehearsalHost } from './host/host.ts';
import { HurriedClock } from './hurried-clock.ts';
import type { ImageSpec } from './images/image.ts';
import { createLogFolder, logError } from './log-folder.ts';
import { CleanUp } from './stage/clean-up.ts';
import { hostRoleArn, type Pushed, type Stage, type StageTags } from './stage/stage.ts';
import { StartWatch } from './start-watch.ts';
import { synthesize } from './synthesize.ts';

export interface RehearsalOptions {
  /** The configuration to rehearse; its first app is deployed. */
  readonly configFile?: string;
  readonly makeStage: (tags: StageTags, app: AppSettings) => Promise<Stage>;
  /** Gives up what has been begun, and undoes it. */
  readonly signal?: AbortSignal;
  readonly onHistory?: (execution: string, event: HistoryEvent) => void;
  readonly faults?: DeployerOptions['faults'];
  readonly eventFault?: DeployerOptions['eventFault'];
  readonly functionFault?: DeployerOptions['functionFault'];
  readonly callFault?: DeployerOptions['callFault'];
  readonly clock?: HurriedClock;
  readonly clockOffset?: DeployerOptions['clockOffset'];
}

/** An execution that has ended, and what set it off. */
export interface Walked {
  readonly execution: Execution;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  /** Epoch milliseconds of the push or of the manual start. */
  readonly triggeredAt: number;
}

export const defaultConfig = 'rehearsal/edgepaas.config.ts';

/** A stage, and the stack that runs on it. */
export class Rehearsal {
  readonly stage: Stage;
  readonly deployer: Deployer;
  readonly app: AppSettings;
  readonly logFolder: string;
  /** AWS's. */
  readonly clock: HurriedClock;
  readonly #starts: StartWatch;
  readonly #cleanUp: CleanUp;

  private constructor(
    parts: Pick<Rehearsal, 'stage' | 'deployer' | 'app' | 'logFolder' | 'clock'>,
    starts: StartWatch,
    cleanUp: CleanUp,
  ) {
    this.stage = parts.stage;
    this.deployer = parts.deployer;
    this.app = parts.app;
    this.logFolder = parts.logFolder;
    this.clock = parts.clock;
    this.#starts = starts;
    this.#cleanUp = cleanUp;
  }

  /** Synthesizes, sets the stage and deploys the stack on it. What was begun is undone when a step fails. */
  static async start(options: RehearsalOptions): Promise<Rehearsal> {
    const app = appSettings(await readConfig(options.configFile ?? defaultConfig))[0]!;
    const logFolder = createLogFolder();
    const cleanUp = new CleanUp();
    try {
      return await Rehearsal.#assemble(options, app, logFolder, cleanUp);
    } catch (error) {
      await cleanUp.run();
      if (options.signal?.aborted) rmSync(logFolder, { recursive: true, force: true });
      else logError(logFolder, error);
      throw new Error(`${(error as Error).message}\nAll logs of this run: ${logFolder}`, { cause: error });
    }
  }

  static async #assemble(
    options: RehearsalOptions,
    app: AppSettings,
    logFolder: string,
    cleanUp: CleanUp,
  ): Promise<Rehearsal> {
    const { configFile = defaultConfig, makeStage, signal, onHistory, clock = new HurriedClock() } = options;
    const assembly = mkdtempSync(join(logFolder, 'cdk.out-'));
    const staging = makeStage(tagsOf(app), app);
    cleanUp.add(() =>
      staging.then(
        (stage) => stage.close(),
        () => 'it has undone itself',
      ),
    );
    const [stage] = await Promise.all([staging, synthesize(configFile, assembly, signal)]);
    signal?.throwIfAborted();
    const starts = new StartWatch();
    const deployer = await startDeployer({
      assembly,
      hosts: stage.hosts,
      volumes: stage.volumes,
      parameters: stage.parameters,
      images: stage.images,
      identityProviders: stage.identityProviders,
      hostRoleArn,
      logFolder,
      faults: options.faults,
      eventFault: options.eventFault,
      functionFault: options.functionFault,
      callFault: options.callFault,
      clock,
      clockOffset: options.clockOffset,
      onHistory(arn, event) {
        starts.note(arn, event);
        onHistory?.(arn, event);
      },
    });
    cleanUp.add(() => deployer.close());
    await stage.connect(deployer);
    return new Rehearsal({ stage, deployer, app, logFolder, clock }, starts, cleanUp);
  }

  /** Pushes an image by the registry, as any client would, and waits for what that sets off. */
  async push(spec: ImageSpec, tag = spec.buildVersion): Promise<Walked> {
    const { pushed, started } = await this.pushOnly(spec, tag);
    return this.#walk(await started, pushed.at);
  }

  /** Pushes without waiting: `started` is the ARN of the execution that the push begins. */
  async pushOnly(
    spec: ImageSpec,
    tag = spec.buildVersion,
  ): Promise<{ pushed: Pushed; started: Promise<string> }> {
    const started = this.#starts.next((input) => input.includes(`"image-tag":"${tag}"`));
    return { pushed: await this.stage.push(this.#suited(spec), this.app.repository.name, tag), started };
  }

  /** The example app answers on the configured health path, as the app of that configuration would. */
  #suited(spec: ImageSpec): ImageSpec {
    const { healthPath } = this.app;
    if (healthPath === '/health') return spec;
    return { ...spec, environment: { HEALTH_PATH: healthPath, ...spec.environment } };
  }

  /** What a person does in the Step Functions console; the input goes as it is. */
  async execute(input: unknown): Promise<Walked> {
    const { credentials, stateMachineArn, stack } = this.deployer;
    const at = Date.now();
    const client = new SFNClient({
      endpoint: this.deployer.endpointUrl,
      region: stack.region,
      credentials: credentials.credentialsFor('rehearsal'),
    });
    const { executionArn } = await client.send(
      new StartExecutionCommand({
        stateMachineArn,
        input: typeof input === 'string' ? input : JSON.stringify(input),
      }),
    );
    client.destroy();
    return this.#walk(executionArn!, at);
  }

  /** The next execution whose input contains this text. */
  nextStart = (text: string): Promise<string> => this.#starts.next((input) => input.includes(text));

  /** The same, started by one of AWS's schedules: for that nobody waits, and while nothing is at work its time passes at once. */
  async nextScheduled(text: string): Promise<string> {
    const started = this.nextStart(text);
    const calm = this.clock.hurry(() => !this.deployer.busy);
    return started.finally(calm);
  }

  /** Waits until an execution enters a state. */
  entered = (executionArn: string, state: string): Promise<void> => this.#starts.entered(executionArn, state);

  /** What a person does with Stop execution. */
  async abort(executionArn: string): Promise<void> {
    await this.deployer.states.handle('StopExecution', { executionArn, error: 'Person.Stopped' });
  }

  /** A bare host that carries the tag appears, as when an instance is launched. */
  async addHost(): Promise<RehearsalHost> {
    const host = await this.stage.addHost();
    this.deployer.ssm.addHost(host);
    return host;
  }

  /** The SSM agent of a host: to take it offline, give it an old version, kill it. */
  agentOf = ({ instanceId }: RehearsalHost): Agent => this.deployer.ssm.agents.get(instanceId)!;

  /** Waits for an execution to end. */
  walked = (executionArn: string): Promise<Walked> => this.#walk(executionArn, Date.now());

  async #walk(executionArn: string, triggeredAt: number): Promise<Walked> {
    const execution = this.deployer.states.executions().find(({ arn }) => arn === executionArn)!;
    const { status, error, cause } = await execution.handle.done;
    return { execution, status, error, cause, triggeredAt };
  }

  /** Takes everything down; the logs stay when `keepLogs` says so. */
  async close(keepLogs = false): Promise<void> {
    await this.#cleanUp.run();
    if (!keepLogs) rmSync(this.logFolder, { recursive: true, force: true });
  }
}

function tagsOf(app: AppSettings): StageTags {
  return {
    host: { Name: 'rehearsal', [app.hostTag.key]: app.hostTag.value },
    volume: { [app.volume.tag.key]: app.volume.tag.value },
  };
}
