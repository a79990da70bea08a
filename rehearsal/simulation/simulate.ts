import type { AppSettings } from '../../contracts/app-settings.ts';
import type { DeployedStack } from '../assembly-types.ts';
import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import { act } from './act.ts';
import { Fleet } from './fleet.ts';
import { drawHappenings, type Happening } from './happenings.ts';
import { Judge } from './judge.ts';
import { seededRandom } from './random.ts';
import { SimulatedDeployer } from './simulated-deployer.ts';
import { SimulatedTime } from './simulated-time.ts';
import { Weather } from './weather.ts';

/** What became of a schedule. */
export interface Simulated {
  readonly seed: number;
  /** Hosts at the beginning, and how they are taken. */
  readonly hosts: number;
  readonly rollout: AppSettings['rollout'];
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
  const real = { now: Date.now, log: console.log };
  Date.now = time.now;
  // What the Lambdas would write into their logs.
  console.log = () => undefined;
  try {
    return await run(seed, { stack, apps, random, time });
  } finally {
    Date.now = real.now;
    console.log = real.log;
  }
}

interface Given {
  readonly stack: DeployedStack;
  readonly apps: AppSettings[];
  readonly random: () => number;
  readonly time: SimulatedTime;
}

async function run(seed: number, { stack, apps, random, time }: Given): Promise<Simulated> {
  const weather = new Weather(random, time.now);
  const behaviours = new Map<string, ImageBehaviour>();
  const count = random() < 0.5 ? 1 : 3 + Math.floor(random() ** 2 * 5);
  const app = { ...apps[0]!, rollout: drawRollout(apps[0]!, random) };
  const fleet = new Fleet({ app, time, weather, behaviours, count });
  const deployer = await SimulatedDeployer.start({
    stack,
    apps: [app, ...apps.slice(1)],
    time,
    fleet,
    random,
    functionFault: weather.function,
    eventFault: weather.event,
    ssmFaults: { delivery: weather.delivery, event: weather.statusEvent },
  });
  const happenings = drawHappenings(random, weather);
  const judge = new Judge(app, { fleet, deployer, weather, time });
  let happened = 0;
  for (const happening of happenings)
    time.after(happening.at, () => {
      happened += 1;
      act(happening, { app, deployer, fleet, time, behaviours });
    });
  // Each ending is judged before anything else happens: what comes after it may change the hosts.
  const runUntil = (isOver: () => boolean, most: number) =>
    time.runUntil(() => (judge.look(), isOver()), most);
  const ended = () =>
    happened === happenings.length && judge.running.length === 0 && time.now() > weather.lastArrival;
  await runUntil(ended, longest);
  weather.over = true;
  // Whatever was left open is closed within a few sweeps, and their executions end.
  await runUntil(() => false, 3 * minute);
  // The check of the hosts finds those that lag behind, and brings them forward if it may.
  await runUntil(() => judge.running.length === 0 && judge.hostsBehind().length === 0, 20 * minute);
  if (!(await runUntil(ended, longest))) judge.problems.push('an execution still runs after a day');
  await time.track(judge.end());
  await deployer.close();
  const { endings, problems } = judge;
  return { seed, hosts: count, rollout: app.rollout, happenings, endings, problems };
}

const drawRollout = ({ rollout }: AppSettings, random: () => number): AppSettings['rollout'] => ({
  ...rollout,
  canaryHosts: Math.floor(random() * 3),
  waveHosts: 1 + Math.floor(random() * 4),
  unavailableHosts: Math.floor(random() * 3),
});
