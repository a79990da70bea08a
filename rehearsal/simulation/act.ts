import type { AppSettings } from '../../contracts/app-settings.ts';
import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import type { Fleet } from './fleet.ts';
import type { Happening } from './happenings.ts';
import type { SimulatedDeployer } from './simulated-deployer.ts';
import type { SimulatedTime } from './simulated-time.ts';

export interface Scene {
  readonly app: AppSettings;
  readonly deployer: SimulatedDeployer;
  readonly fleet: Fleet;
  readonly time: SimulatedTime;
  readonly behaviours: Map<string, ImageBehaviour>;
}

/** Does what a schedule says, as a person, a pipeline or a machine would. */
export function act(happening: Happening, scene: Scene): void {
  const { app, deployer, behaviours } = scene;
  if (happening.does === 'push') {
    const { tag, behaviour, at } = happening;
    const image = { repository: app.repository.name, tag, labels: { at: String(at) } };
    behaviours.set(deployer.images.push(image), behaviour);
  } else if (happening.does === 'abort') newestRunning(deployer)?.handle.stop('a person', 'because');
  else if (happening.does === 'forget') forget(deployer);
  else if (happening.does === 'lose a host') loseHost(happening.host, happening.milliseconds, scene);
  else if (happening.does === 'add a host') addHost(scene);
  else deployer.startExecution(requestOf(happening, scene));
}

const newestRunning = ({ states }: SimulatedDeployer) =>
  states
    .executions()
    .filter(({ result }) => !result)
    .at(-1);

function forget({ states }: SimulatedDeployer): void {
  for (const execution of states.executions()) if (!execution.result) states.forget(execution);
}

function loseHost(index: number, milliseconds: number, { fleet, deployer, time }: Scene): void {
  const host = fleet.hosts[index % fleet.hosts.length]!;
  const agent = deployer.ssm.agents.get(host.instanceId)!;
  agent.setPing('ConnectionLost');
  time.after(milliseconds, () => agent.setPing('Online'));
}

function addHost({ fleet, deployer }: Scene): void {
  const host = fleet.add();
  if (host) deployer.ssm.addHost(host);
}

function requestOf(happening: Happening, { app: { name: app }, fleet }: Scene): object {
  if (happening.does === 'deploy') return { app, buildVersion: happening.tag };
  if (happening.does === 'roll back') return { app, rollback: true };
  if (happening.does === 'hold') return { app, hold: { by: 'Ana', reason: 'the sale is on' } };
  if (happening.does !== 'catch up') return { app, hold: false };
  return {
    app,
    catchUp: happening.hosts.map((index) => fleet.hosts[index]?.instanceId ?? `i-0999999${index}`),
  };
}
