import { Rehearsal } from '../rehearsal.ts';
import type { DeploymentReport } from '../report/report.ts';
import type { HostLoads } from '../scenario/host-loads.ts';
import { scenarioOf } from '../scenario/index.ts';
import { tellScenario, type Told } from '../scenario/tell.ts';
import { createRealStage } from '../stage/real-stage.ts';
import type { CaseResult, Part, PartOptions } from './part.ts';

const { configFile, hosts: count, scenario } = scenarioOf('hosts');
const titles = scenario.steps.map(({ title }) => title);

/** Three hosts in one deployment. A step builds on those before: they are walked too, and what the clients saw is known in the end. */
export const hosts: Part = {
  name: 'hosts',
  help: 'three hosts, one after the other: waves, a failure in the last one, hosts that go and come',
  explains: 'liveMs: from the push to the last host that switched. cut: streams and WebSockets.',
  cases: () => titles,
  async run(names, options) {
    const steps = scenario.steps.slice(0, Math.max(...names.map((name) => titles.indexOf(name))) + 1);
    const told = await tellOnRealHosts({ ...scenario, steps }, options);
    for (const result of resultsOf(told, names)) options.tell(result);
  },
};

async function tellOnRealHosts(story: typeof scenario, { signal, say }: PartOptions): Promise<Told> {
  const rehearsal = await Rehearsal.start({
    configFile,
    signal,
    makeStage: (tags, { serverNames }) => createRealStage({ tags, hosts: count, serverNames, signal }),
  });
  const loads: HostLoads[] = [];
  const narrator = { begins: say, ended() {}, aborted: () => signal.aborted };
  const interrupted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  try {
    const telling = tellScenario(rehearsal, story, narrator, (load) => void loads.push(load));
    telling.catch(() => {}); // after an interruption nobody waits for it
    return await Promise.race([telling, interrupted]);
  } finally {
    await Promise.all(loads.map((load) => load.kill()));
    await rehearsal.close();
  }
}

function resultsOf({ deployments, found }: Told, names: readonly string[]): CaseResult[] {
  return deployments.flatMap((deployment, index) => {
    const name = titles[index]!;
    return names.includes(name) ? [{ name, problems: found[index]!, figures: figuresOf(deployment) }] : [];
  });
}

function figuresOf({ outcome, failureId, load, pushToLiveMs }: DeploymentReport): CaseResult['figures'] {
  return {
    outcome,
    ...(failureId && { failure: failureId }),
    ...(pushToLiveMs !== null && { liveMs: pushToLiveMs }),
    ...(load && {
      requests: load.requests,
      failed: load.failed,
      cut: load.truncatedStreams + load.webSocketsWithoutCloseFrame,
    }),
  };
}
