import { randomUUID } from 'node:crypto';
import type { Builder } from '../../builder/builder.ts';
import type { Rehearsal } from '../../rehearsal.ts';
import { parse, type ExampleName } from './push-by-script.ts';

/** What a job of the app's workflow gives the script. */
export interface Job {
  readonly variables: Readonly<Record<string, string>>;
  readonly options: readonly string[];
  files(): Promise<{ output: Record<string, string>; environment: Record<string, string> }>;
}

/** A job on the main branch at the checkout's commit, with the role of the app's workflow. */
export async function startJob(rehearsal: Rehearsal, builder: Builder, app: ExampleName): Promise<Job> {
  const folder = `/run/jobs/${randomUUID()}`;
  const commit = await builder.exec(
    app,
    `mkdir -p ${folder} && touch ${folder}/output ${folder}/env && git rev-parse HEAD`,
  );
  const read = async (name: string) => parse(await builder.exec(app, `cat ${folder}/${name}`));
  const role = rehearsal.deployer.stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::IAM::Role' && logicalId.startsWith(`PushAccessRole${app}`),
  )!.arn;
  const token = builder.tokenEnvironment({ repository: 'example/apps', ref: 'refs/heads/main', sha: commit });
  return {
    variables: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_SHA: commit,
      GITHUB_OUTPUT: `${folder}/output`,
      GITHUB_ENV: `${folder}/env`,
      EDGEPAAS_POLL_SECONDS: '3',
      ...token,
    },
    options: ['--role', role],
    files: async () => ({ output: await read('output'), environment: await read('env') }),
  };
}
