import type { AppSettings } from '../../contracts/app-settings.ts';
import type { DeployedStack } from '../assembly-types.ts';
import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import { SimulatedHost } from '../host/simulated/simulated-host.ts';
import { drawHappenings, type Happening } from './happenings.ts';
import { Judge } from './judge.ts';
import { seededRandom } from './random.ts';
import { SimulatedDeployer } from './simulated-deployer.ts';
import { SimulatedTime } from './simulated-time.ts';
import { Weather } from './weather.ts';

/** What became of a schedule. */
export interface Simulated {
  readonly seed: number;
  readonly happenings: readonly Happening[];
  /** How each execution ended, in the order they began: a state's name, or the status of one that reached none. */
  readonly endings: readonly string[];
  /** A sentence for everything that must not be. */
  readonly problems: readonly string[];
}

const minute = 60_000;
const longest = 24 * 60 * minute;

/** One schedule of the first app, from its seed to the end, in simulated time: deterministic but for the names AWS makes up. */
export async function simulate(seed: number, stack: DeployedStack, apps: AppSettings[]): Promise<Simulated> {
  const random = seededRandom(seed);
  const time = new SimulatedTime();
  const realNow = Date.now;
  Date.now = time.now;
  try {
    return await run(seed, { stack, apps, random, time });
  } finally {
    Date.now = realNow;
  }
}

interface Given {
  readonly stack: DeployedStack;
  readonly apps: AppSettings[];
  readonly random: () => number;
  readonly time: SimulatedTime;
}

async function run(seed: number, { stack, apps, random, time }: Given): Promise<Simulated> {
  const app = apps[0]!;
  const weather = new Weather(random, time.now);
  const behaviours = new Map<string, ImageBehaviour>();
  const count = random() < 0.6 ? 1 : 3;
  const hosts = Array.from({ length: count }, (_, index) => host(index, app, behaviours, weather, time));
  const deployer = await SimulatedDeployer.start({
    stack,
    apps,
    time,
    hosts,
    volumeIds: hosts.map((_, index) => volumeOf(index)),
    random,
    functionFault: weather.function,
    eventFault: weather.event,
    ssmFaults: { delivery: weather.delivery, event: weather.statusEvent },
  });
  const happenings = drawHappenings(random, weather);
  const judge = new Judge(app.name, hosts, deployer, weather);
  let happened = 0;
  for (const happening of happenings)
    time.after(happening.at, () => {
      happened += 1;
      act(happening, app, deployer, behaviours);
    });
  const ended = () => {
    judge.look();
    return happened === happenings.length && judge.running.length === 0 && time.now() > weather.lastArrival;
  };
  await time.runUntil(ended, longest);
  weather.over = true;
  // Whatever was left open is closed within a few sweeps, and their executions end.
  await time.runUntil(() => false, 3 * minute);
  if (!(await time.runUntil(ended, longest))) judge.problems.push('an execution still runs after a day');
  await time.track(judge.end());
  await deployer.close();
  const { endings, problems } = judge;
  return { seed, happenings, endings, problems };
}

const volumeOf = (index: number) => `vol-0000000000000000${index}`;

function host(
  index: number,
  { hostTag }: AppSettings,
  behaviours: ReadonlyMap<string, ImageBehaviour>,
  weather: Weather,
  time: SimulatedTime,
): SimulatedHost {
  return new SimulatedHost({
    clock: time,
    instanceId: `i-0000000000000000${index}`,
    tags: { [hostTag.key]: hostTag.value },
    behaviours,
    faults: weather.hostFaults(),
    requestsPerSecond: 100,
    state: { volumes: new Set([volumeOf(index)]) },
  });
}

function act(
  happening: Happening,
  { name, repository }: AppSettings,
  deployer: SimulatedDeployer,
  behaviours: Map<string, ImageBehaviour>,
): void {
  if (happening.does === 'push') {
    const { tag, behaviour, at } = happening;
    const image = { repository: repository.name, tag, labels: { at: String(at) } };
    behaviours.set(deployer.images.push(image), behaviour);
  } else if (happening.does === 'abort') {
    const running = deployer.states.executions().filter(({ result }) => !result);
    running.at(-1)?.handle.stop('a person', 'because');
  } else deployer.startExecution(requestOf(happening, name));
}

function requestOf(happening: Happening, app: string): object {
  if (happening.does === 'deploy') return { app, buildVersion: happening.tag };
  if (happening.does === 'roll back') return { app, rollback: true };
  if (happening.does === 'hold') return { app, hold: { by: 'Ana', reason: 'the sale is on' } };
  return { app, hold: false };
}
