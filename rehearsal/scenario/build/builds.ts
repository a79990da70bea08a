import type { Rehearsal } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';
import { askVersion } from '../../stage/ask-version.ts';
import type { Step } from '../tell.ts';
import { layersOf } from './layers.ts';
import { builderOf, deployByScript, endsOf, type ExampleName } from './push-by-script.ts';

/** Layers that the base images have: nothing of an example's Dockerfile is in them. */
const baseLayers: Readonly<Record<ExampleName, number>> = { web: 2, notes: 1 };
const commit = /^[0-9a-f]{40}$/;
const sixDigits = /^[0-9a-f]{6}$/;

/** The builder's own images and cache are gone, as on a new runner: what is in the cache now is the registry's. */
const forgetBuilds =
  'docker system prune --all --force >/dev/null && docker builder prune --all --force >/dev/null';

export const builds: Step[] = [
  {
    title: 'A first build of the Node example, by its commit',
    run: (rehearsal) => deployByScript(rehearsal, 'web'),
    expect: { outcome: 'Succeeded', serving: commit },
    check: (rehearsal, deployment) => wentAsSaid(rehearsal, deployment, 'web'),
  },
  {
    title: 'The next commit of it, with the cache that a new runner finds',
    run: (rehearsal) => deployNextCommit(rehearsal, 'web'),
    expect: { outcome: 'Succeeded', serving: commit },
    check: async (rehearsal, deployment) => [
      ...(await wentAsSaid(rehearsal, deployment, 'web')),
      ...(await tookFromCache(rehearsal, 'web')),
    ],
  },
  {
    title: 'The same commit, built without cache',
    inTests: false,
    run: (rehearsal) => deployByScript(rehearsal, 'web', ['--wait', '--no-cache']),
    expect: { outcome: 'Succeeded', serving: sixDigits },
    check: async (rehearsal, deployment) => [
      ...(await wentAsSaid(rehearsal, deployment, 'web')),
      ...(await wasBuiltAnew(rehearsal, 'web')),
    ],
  },
  {
    title: 'A first build of the FastAPI example, without cache',
    run: (rehearsal) => deployByScript(rehearsal, 'notes', ['--wait', '--no-cache']),
    expect: { outcome: 'Succeeded', serving: sixDigits },
    check: (rehearsal, deployment) => wentAsSaid(rehearsal, deployment, 'notes'),
  },
  {
    title: 'Its next commit, with the cache that a new runner finds',
    inTests: false,
    run: (rehearsal) => deployNextCommit(rehearsal, 'notes'),
    expect: { outcome: 'Succeeded', serving: sixDigits },
    check: async (rehearsal, deployment) => [
      ...(await wentAsSaid(rehearsal, deployment, 'notes')),
      ...(await tookFromCache(rehearsal, 'notes')),
    ],
  },
  {
    title: 'The same commit without cache, again',
    inTests: false,
    run: (rehearsal) => deployByScript(rehearsal, 'notes', ['--wait', '--no-cache']),
    expect: { outcome: 'Succeeded', serving: sixDigits },
    check: async (rehearsal, deployment) => [
      ...(await wentAsSaid(rehearsal, deployment, 'notes')),
      ...(await wasBuiltAnew(rehearsal, 'notes')),
    ],
  },
];

async function deployNextCommit(rehearsal: Rehearsal, app: ExampleName) {
  const builder = builderOf(rehearsal);
  await builder.commit(app);
  await builder.exec(app, forgetBuilds);
  return deployByScript(rehearsal, app);
}

/** The script ended with 0, and said what the ledger says and the app itself answers. */
async function wentAsSaid(rehearsal: Rehearsal, deployment: DeploymentReport, app: ExampleName) {
  const { exitCode, values, said } = endsOf(rehearsal, app).at(-1)!;
  const told = [values['build-version'], values['digest'], values['deployment'], values['outcome']];
  const { buildVersion, digest, deploymentId, outcome } = deployment;
  const known = [buildVersion, digest, deploymentId, outcome];
  const { stage } = rehearsal;
  const hostHeader = app === 'notes' ? 'notes.example.com' : undefined;
  const answered = await askVersion({ ...stage.targetOf(stage.hosts[0])!, hostHeader });
  return [
    ...(exitCode === 0 ? [] : [`the script ended with ${exitCode}: ${said}`]),
    ...(told.join() === known.join() ? [] : [`the script said ${told.join()} instead of ${known.join()}`]),
    ...(answered === buildVersion ? [] : [`${app} answers ${answered} instead of ${buildVersion}`]),
  ];
}

async function tookFromCache(rehearsal: Rehearsal, app: ExampleName): Promise<string[]> {
  const [before, now] = await lastTwo(rehearsal, app);
  return now.join() === before.join()
    ? []
    : [`layers ${now.join()} instead of those before, ${before.join()}`];
}

/** The base is the same, and what a command of the Dockerfile made has other bytes, since the time stands in them. */
async function wasBuiltAnew(rehearsal: Rehearsal, app: ExampleName): Promise<string[]> {
  const [before, now] = await lastTwo(rehearsal, app);
  const base = baseLayers[app];
  const made = now.slice(base);
  const isNew = made.some((digest) => !before.includes(digest));
  return [
    ...(now.slice(0, base).join() === before.slice(0, base).join() ? [] : ['the base image is another one']),
    ...(isNew ? [] : [`all layers are those of the build before: ${made.join()}`]),
  ];
}

async function lastTwo(rehearsal: Rehearsal, app: ExampleName) {
  const [before, now] = endsOf(rehearsal, app).slice(-2);
  const layers = (end: typeof now) => layersOf(rehearsal, app, end!.values['digest']!);
  return [await layers(before), await layers(now)] as const;
}
