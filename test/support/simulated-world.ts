import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { AppSettings } from '../../contracts/app-settings.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { KnownFinding } from '../../lambdas/lib/findings.ts';
import { appKey, type PhaseRun } from '../../lambdas/lib/ledger.ts';
import { deploymentsOf, type HistoryEntry } from '../../lambdas/lib/release-history.ts';
import { appSettings } from '../../lib/app-settings.ts';
import { readConfig } from '../../lib/read-config.ts';
import { deployAssembly } from '../../rehearsal/assembly/read-assembly.ts';
import type { DeployedStack } from '../../rehearsal/assembly-types.ts';
import type { ImageBehaviour } from '../../rehearsal/host/simulated/image-behaviour.ts';
import { defaultConfig } from '../../rehearsal/rehearsal.ts';
import { Fleet } from '../../rehearsal/simulation/fleet.ts';
import { seededRandom } from '../../rehearsal/simulation/random.ts';
import {
  SimulatedDeployer,
  type SimulatedDeployerOptions,
} from '../../rehearsal/simulation/simulated-deployer.ts';
import { SimulatedTime } from '../../rehearsal/simulation/simulated-time.ts';
import type { Weather } from '../../rehearsal/simulation/weather.ts';
import { synthesize } from '../../rehearsal/synthesize.ts';

const minute = 60_000;
const clear = { hostFaults: () => [] } as unknown as Weather;

type Settings = Pick<SimulatedDeployerOptions, 'eventFault'> & {
  readonly hosts?: number;
  readonly rollout?: Partial<AppSettings['rollout']>;
};

/** The stack of a configuration, the rehearsal's own unless said, on simulated hosts, in simulated time: minutes pass in milliseconds. */
export function useSimulatedWorlds(config = defaultConfig) {
  let folder: string;
  let stack: DeployedStack;
  let apps: AppSettings[];
  let open: SimulatedDeployer | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'edgepaas-simulated-'));
    await synthesize(config, folder);
    stack = deployAssembly(folder, { account: '123456789012', region: 'eu-central-1' });
    apps = appSettings(await readConfig(config));
  });
  afterEach(async () => {
    await open?.close();
    vi.restoreAllMocks();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  return async ({ hosts: count = 1, rollout = {}, ...options }: Settings = {}) => {
    const time = new SimulatedTime();
    vi.spyOn(Date, 'now').mockImplementation(time.now);
    const app = { ...apps[0]!, rollout: { ...apps[0]!.rollout, ...rollout } };
    const behaviours = new Map<string, ImageBehaviour>();
    const fleet = new Fleet({ app, time, weather: clear, behaviours, count });
    const random = seededRandom(1);
    const deployer = await SimulatedDeployer.start({ stack, apps: [app], time, fleet, random, ...options });
    open = deployer;
    return new SimulatedWorld({ time, app, fleet, deployer, behaviours });
  };
}

interface Parts {
  readonly time: SimulatedTime;
  readonly app: AppSettings;
  readonly fleet: Fleet;
  readonly deployer: SimulatedDeployer;
  readonly behaviours: Map<string, ImageBehaviour>;
}

class SimulatedWorld {
  readonly time: SimulatedTime;
  readonly fleet: Fleet;
  readonly deployer: SimulatedDeployer;
  readonly #app: AppSettings;
  readonly #behaviours: Map<string, ImageBehaviour>;

  constructor({ time, app, fleet, deployer, behaviours }: Parts) {
    this.time = time;
    this.fleet = fleet;
    this.deployer = deployer;
    this.#app = app;
    this.#behaviours = behaviours;
  }

  /** Answers its digest, at once. */
  push(tag: string, behaviour: ImageBehaviour = {}): string {
    const image = { repository: this.#app.repository.name, tag, labels: { tag } };
    const digest = this.deployer.images.push(image);
    this.#behaviours.set(digest, behaviour);
    return digest;
  }

  /** Pushes, and goes on until every execution has ended. */
  async deploy(tag: string, behaviour: ImageBehaviour = {}): Promise<string> {
    const digest = this.push(tag, behaviour);
    await this.untilEnded();
    return digest;
  }

  /** As a person asks for it in the console. */
  async ask(about: object): Promise<void> {
    this.deployer.startExecution({ app: this.#app.name, ...about });
    await this.untilEnded();
  }

  async untilEnded(): Promise<void> {
    const { states } = this.deployer;
    const begun = () => states.executions().length > 0 && states.executions().every(({ result }) => result);
    await this.time.runUntil(() => false, 1);
    if (!(await this.time.runUntil(begun, 60 * minute))) throw new Error('an execution still runs');
  }

  pass = (minutes: number) => this.time.runUntil(() => false, minutes * minute);

  /** Goes on until it holds; says whether it came to that. */
  comes = (holds: () => Promise<boolean> | boolean, minutes: number) => this.#comes(holds, minutes * 60, 60);

  /** The same, looking each second. */
  comesWithin = (holds: () => Promise<boolean>, seconds: number) => this.#comes(holds, seconds, 1);

  async #comes(holds: () => Promise<boolean> | boolean, seconds: number, step: number): Promise<boolean> {
    for (let passed = 0; passed <= seconds; passed += step) {
      if (await this.time.track(Promise.resolve(holds()))) return true;
      await this.time.runUntil(() => false, step * 1000);
    }
    return false;
  }

  /** Digest that each host serves; its status, where it serves none. */
  serves = () =>
    this.fleet.hosts.map((host) => {
      const served = host.serve(this.#app.name);
      return 'digest' in served ? served.digest : served.status;
    });

  findings = async (): Promise<readonly KnownFinding[]> => {
    const key = appKey(this.#app.name, 'findings');
    const item = await this.time.track(this.deployer.ledger.get<{ findings: readonly KnownFinding[] }>(key));
    return item?.findings ?? [];
  };

  /** Newest first. */
  history = async (): Promise<HistoryEntry[]> => {
    const entries: HistoryEntry[] = [];
    const walk = async () => {
      for await (const entry of deploymentsOf(this.#app.name, this.deployer.ledger)) entries.push(entry);
    };
    await this.time.track(walk());
    return entries;
  };

  /** Of the newest deployment's first wave. */
  runOf = async (phase: PhaseName) => {
    const [newest] = await this.history();
    const read = this.deployer.ledger.run({ deploymentId: newest!.deploymentId, phase, wave: 0 });
    return this.time.track<(PhaseRun & { readonly settledAt?: number }) | undefined>(read);
  };

  agentOf = (index: number) => this.deployer.ssm.agents.get(this.fleet.hosts[index]!.instanceId)!;
  appOn = (index: number) => this.fleet.hosts[index]!.state.apps.get(this.#app.name)!;
}
