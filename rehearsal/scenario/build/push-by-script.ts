import { baseImageName, type Builder } from '../../builder/builder.ts';
import type { Rehearsal, Walked } from '../../rehearsal.ts';
import type { RealStage } from '../../stage/real-stage.ts';
import { startJob } from './github-job.ts';

export type ExampleName = 'web' | 'notes';

/** Repositories on the builder, each named as its app. */
export const checkouts: Readonly<Record<ExampleName, string>> = {
  web: 'examples/node-app',
  notes: 'examples/fastapi-alembic',
};

const script = '/srv/edgepaas/actions/push-image/push-image.sh';
const dockerOptions: Readonly<Record<ExampleName, readonly string[]>> = {
  web: ['--build-arg', `BASE_IMAGE=${baseImageName('node')}`],
  notes: ['--build-arg', `BASE_IMAGE=${baseImageName('python')}`, '--build-arg', 'PACKAGES=none'],
};

/** How a run of the script ended. */
export interface ScriptEnd {
  readonly app: ExampleName;
  readonly exitCode: number;
  /** What it printed: `build-version`, `image`, `digest`, `deployment`, `outcome`, `execution-url`. */
  readonly values: Readonly<Record<string, string>>;
  /** What the job's GITHUB_OUTPUT and GITHUB_ENV hold. */
  readonly output: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Its words. */
  readonly said: string;
}

const ends = new WeakMap<Rehearsal, ScriptEnd[]>();

/** All that this rehearsal has pushed of an app by the script, in order. */
export const endsOf = (rehearsal: Rehearsal, app: ExampleName): ScriptEnd[] =>
  (ends.get(rehearsal) ?? []).filter((end) => end.app === app);

export function builderOf({ stage }: Rehearsal): Builder {
  const { builder } = stage as RealStage;
  if (!builder) throw new Error('this scenario needs a machine that builds images');
  return builder;
}

/** Runs the script in the app's checkout as a step of a job on GitHub does, to its end. */
export async function runScript(
  rehearsal: Rehearsal,
  app: ExampleName,
  options: readonly string[],
): Promise<ScriptEnd> {
  const builder = builderOf(rehearsal);
  const job = await startJob(rehearsal, builder, app);
  const given = [
    'push',
    '--app',
    app,
    '--stack',
    rehearsal.deployer.stack.stackName,
    ...job.options,
    ...options,
  ];
  const command = [script, ...given, '--', ...dockerOptions[app]].join(' ');
  const { exitCode, stdout, stderr } = await builder.run(app, command, job.variables);
  const end = { app, exitCode, values: parse(stdout), ...(await job.files()), said: stderr.trim() };
  ends.set(rehearsal, [...(ends.get(rehearsal) ?? []), end]);
  return end;
}

/** Pushes by the script, and waits for the execution that the push begins as well. */
export async function deployByScript(
  rehearsal: Rehearsal,
  app: ExampleName,
  options: readonly string[] = ['--wait'],
): Promise<Walked> {
  const started = rehearsal.nextStart(`"repository-name":"${app}"`);
  const end = await runScript(rehearsal, app, options);
  return walkOf(rehearsal, end, started);
}

/** The execution that a push began, to its end. */
export async function walkOf(
  rehearsal: Rehearsal,
  end: ScriptEnd,
  started: Promise<string>,
): Promise<Walked> {
  const { digest, 'build-version': version } = end.values;
  if (!digest || !version)
    throw new Error(`the script pushed nothing, exit code ${end.exitCode}: ${end.said}`);
  const triggeredAt = await (rehearsal.stage as RealStage).pushed(digest, version);
  return { ...(await rehearsal.walked(await started)), triggeredAt };
}

/** Lines of `name=value`. */
export function parse(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
