import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { AppSettings } from '../contracts/app-settings.ts';
import { appSettings } from '../lib/app-settings.ts';
import { readConfig } from '../lib/read-config.ts';
import type { HistoryEvent } from './asl/history.ts';
import type { Execution } from './aws/states/executions.ts';
import { cacheRoot } from './cache/folders.ts';
import { startDeployer, type Deployer, type DeployerOptions } from './deployer.ts';
import type { ImageSpec } from './images/image.ts';
import { CleanUp } from './stage/clean-up.ts';
import { hostRoleArn, type Pushed, type Stage, type StageTags } from './stage/stage.ts';
import { synthesize } from './synthesize.ts';

export interface RehearsalOptions {
  /** The configuration to rehearse; its first app is deployed. */
  readonly configFile?: string;
  readonly makeStage: (tags: StageTags) => Promise<Stage>;
  readonly onHistory?: (execution: string, event: HistoryEvent) => void;
  readonly faults?: DeployerOptions['faults'];
  readonly eventFault?: DeployerOptions['eventFault'];
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
  readonly #starts: StartWatch;
  readonly #cleanUp: CleanUp;

  private constructor(
    parts: Pick<Rehearsal, 'stage' | 'deployer' | 'app' | 'logFolder'>,
    starts: StartWatch,
    cleanUp: CleanUp,
  ) {
    this.stage = parts.stage;
    this.deployer = parts.deployer;
    this.app = parts.app;
    this.logFolder = parts.logFolder;
    this.#starts = starts;
    this.#cleanUp = cleanUp;
  }

  /** Synthesizes, sets the stage and deploys the stack on it. What was begun is undone when a step fails. */
  static async start(options: RehearsalOptions): Promise<Rehearsal> {
    const cleanUp = new CleanUp();
    try {
      return await Rehearsal.#assemble(options, cleanUp);
    } catch (error) {
      await cleanUp.run();
      throw error;
    }
  }

  static async #assemble(options: RehearsalOptions, cleanUp: CleanUp): Promise<Rehearsal> {
    const { configFile = defaultConfig, makeStage, onHistory } = options;
    const app = appSettings(await readConfig(configFile))[0]!;
    const logFolder = createLogFolder();
    const assembly = mkdtempSync(join(logFolder, 'cdk.out-'));
    const staging = makeStage(tagsOf(app));
    cleanUp.add(() =>
      staging.then(
        (stage) => stage.close(),
        () => 'it has undone itself',
      ),
    );
    const [stage] = await Promise.all([staging, synthesize(configFile, assembly)]);
    const starts = new StartWatch();
    const deployer = await startDeployer({
      assembly,
      hosts: [stage.host],
      volumes: stage.volumes,
      parameters: stage.parameters,
      images: stage.images,
      hostRoleArn,
      logFolder,
      faults: options.faults,
      eventFault: options.eventFault,
      onHistory(arn, event) {
        starts.note(arn, event);
        onHistory?.(arn, event);
      },
    });
    cleanUp.add(() => deployer.close());
    await stage.connect(deployer);
    return new Rehearsal({ stage, deployer, app, logFolder }, starts, cleanUp);
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
    return { pushed: await this.stage.push(spec, this.app.repository.name, tag), started };
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

  /** Waits until an execution enters a state. */
  entered = (executionArn: string, state: string): Promise<void> => this.#starts.entered(executionArn, state);

  /** What a person does with Stop execution. */
  async abort(executionArn: string): Promise<void> {
    await this.deployer.states.handle('StopExecution', { executionArn, error: 'Person.Stopped' });
  }

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

function createLogFolder(): string {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  const folder = join(cacheRoot, 'logs');
  mkdirSync(folder, { recursive: true });
  return mkdtempSync(join(folder, `${stamp}-`));
}

function tagsOf(app: AppSettings): StageTags {
  return {
    host: { Name: 'rehearsal', [app.hostTag.key]: app.hostTag.value },
    volume: { [app.volume.tag.key]: app.volume.tag.value },
  };
}

/** Tells who waits for an execution that it has begun, or has come to a state. */
class StartWatch {
  readonly #states = new Map<string, () => void>();
  readonly #waiting = new Set<{ matches: (input: string) => boolean; resolve: (arn: string) => void }>();

  next(matches: (input: string) => boolean): Promise<string> {
    return new Promise((resolve) => this.#waiting.add({ matches, resolve }));
  }

  entered(arn: string, state: string): Promise<void> {
    return new Promise((resolve) => this.#states.set(`${arn} ${state}`, resolve));
  }

  note(arn: string, { type, input, name }: HistoryEvent): void {
    if (type === 'TaskStateEntered') this.#states.get(`${arn} ${name}`)?.();
    if (type !== 'ExecutionStarted') return;
    const text = JSON.stringify(input);
    for (const waiter of this.#waiting) {
      if (!waiter.matches(text)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(arn);
      return;
    }
  }
}
