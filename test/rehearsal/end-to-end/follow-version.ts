import type { DeploymentPlan } from '../../../contracts/plan.ts';
import type { DeploymentRequest } from '../../../contracts/request.ts';
import type { Closed } from '../../../lambdas/close-deployment.ts';
import { historyKey } from '../../../lambdas/lib/ledger.ts';
import type { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import type { ScriptEnd } from '../../../rehearsal/scenario/build/push-by-script.ts';
import type { RealStage } from '../../../rehearsal/stage/real-stage.ts';

interface ImageConfig {
  readonly config: { readonly Env: string[]; readonly Labels: Record<string, string> };
}

/** The version of a release that is live, in every place that has one, from the workflow to the container. */
export async function followVersion(
  rehearsal: Rehearsal,
  { app, values, output, environment }: ScriptEnd,
): Promise<Record<string, string | undefined>> {
  const { deployment: deploymentId = '', digest = '' } = values;
  const image = await readConfig(rehearsal, app, digest);
  return {
    "the script's answer": values['build-version'],
    GITHUB_OUTPUT: output['build-version'],
    GITHUB_ENV: environment['BUILD_VERSION'],
    "the image's label": image.Labels['org.opencontainers.image.version'],
    "the image's environment": variable(image.Env),
    ...(await ofDeployment(rehearsal, app, deploymentId)),
    ...(await ofHost(rehearsal, app, deploymentId)),
    ...(await ofAnswer(rehearsal, app)),
  };
}

async function readConfig({ stage }: Rehearsal, app: string, digest: string): Promise<ImageConfig['config']> {
  const repository = `${(stage as RealStage).registryUrl}/v2/${app}`;
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = await fetch(`${repository}/manifests/${digest}`, { headers: { accept } });
  const { config } = (await manifest.json()) as { config: { digest: string } };
  const blob = await fetch(`${repository}/blobs/${config.digest}`);
  return ((await blob.json()) as ImageConfig).config;
}

async function ofDeployment({ deployer }: Rehearsal, app: string, deploymentId: string) {
  const { ledger, states, ssm } = deployer;
  const history = await ledger.get<{ request: DeploymentRequest; executionArn: string; closed: Closed }>(
    historyKey(app, deploymentId),
  );
  const execution = states.executions().find(({ arn }) => arn === history?.executionArn);
  const plan = execution?.handle.history
    .map(({ output }) => (output as { plan?: DeploymentPlan } | undefined)?.plan)
    .find((found) => found !== undefined);
  const command = ssm.commands.find(({ comment }) => comment.startsWith(`${deploymentId}.start-candidate`));
  return {
    'the plan': plan?.image.buildVersion,
    "the phase's parameters": command?.parameters['buildVersion']?.[0],
    "the ledger's request": history?.request.buildVersion,
    "the ledger's history": history?.closed.buildVersion,
    "the ledger's current release": (await ledger.current(app))?.buildVersion,
  };
}

async function ofHost({ stage }: Rehearsal, app: string, deploymentId: string) {
  const [host] = (stage as RealStage).hosts;
  const receipt = await host.exec([
    'cat',
    `/var/lib/edgepaas/apps/${app}/receipts/${deploymentId}/start-candidate.json`,
  ]);
  const inspect = ['docker', 'ps', '--quiet', '--filter', `label=edgepaas.deployment=${deploymentId}`];
  const id = (await host.exec(inspect)).trim();
  const { Config } = JSON.parse(
    await host.exec(['docker', 'inspect', '--format', '{"Config":{{json .Config}}}', id]),
  ) as { Config: ImageConfig['config'] };
  return {
    'the receipt': (JSON.parse(receipt) as { facts: { reportedVersion: string } }).facts.reportedVersion,
    "the container's label": Config.Labels['edgepaas.build-version'],
    "the container's environment": variable(Config.Env),
  };
}

/** What the app says of itself through port 80. */
async function ofAnswer({ stage }: Rehearsal, app: string) {
  const [host] = (stage as RealStage).hosts;
  const name = app === 'notes' ? 'notes.example.com' : 'web.example.com';
  const answer = await host.exec(['curl', '-sSi', '-H', `Host: ${name}`, 'http://127.0.0.1/']);
  const [, header] = /^x-build-version: (.*)\r$/im.exec(answer) ?? [];
  const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { buildVersion?: string };
  return { "the app's header": header, "the app's answer": body.buildVersion };
}

const variable = (lines: readonly string[]) =>
  lines.find((line) => line.startsWith('BUILD_VERSION='))?.slice('BUILD_VERSION='.length);
