import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { AppSettings } from '../contracts/app-settings.ts';
import { imageArchitectures } from '../contracts/architecture.ts';
import { Failure } from '../contracts/failure.ts';
import type { PhaseName } from '../contracts/phase-name.ts';
import { waveSize, type DeploymentPlan, type DockerSource, type ImagePlan } from '../contracts/plan.ts';
import { refuseUnreachable } from './lib/agents.ts';
import { environment } from './lib/clients.ts';
import { findDocuments } from './lib/documents.ts';
import { describeHosts, type Host } from './lib/hosts.ts';
import { deploymentKey, Ledger } from './lib/ledger.ts';
import { readApps } from './lib/settings.ts';
import { attachVolumes } from './lib/volumes.ts';
import type { ResolveInput } from './resolve-image.ts';

export interface FindInput extends ResolveInput {
  readonly image: ImagePlan;
}

export interface Clients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly ledger: Ledger;
}

/** Makes the plan: the hosts that carry the tag now, proven fit for this image, in waves. */
export async function findHosts(
  { request, lease, image }: FindInput,
  apps: AppSettings[],
  { ec2, ssm, ledger }: Clients,
): Promise<DeploymentPlan> {
  const app = apps.find(({ name }) => name === request.app);
  if (!app)
    throw new Failure(
      'unknown-app',
      `app ${request.app} is not configured: add it to edgepaas.config.ts and deploy`,
    );
  const hosts = await describeHosts(app.hostTag, ec2);
  refuseOtherArchitecture(hosts, image);
  const [documents] = await Promise.all([findDocuments(documentNames(), ssm), refuseUnreachable(hosts, ssm)]);
  const volumeIds = await attachVolumes(hosts, app.volume.tag, ec2);
  const plan: DeploymentPlan = {
    ...lease,
    app,
    image,
    waves: inWaves(hosts.map(({ instanceId }) => instanceId)),
    volumeIds,
    documents,
    hasDatabase: app.database !== undefined,
    hasMigration: app.database?.migrations !== undefined,
    docker: dockerSource(),
  };
  await ledger.put(deploymentKey(lease.deploymentId, 'plan'), { plan });
  return plan;
}

function refuseOtherArchitecture(hosts: Host[], image: ImagePlan): void {
  const other = hosts.find(({ architecture }) => !image.architectures.includes(architecture));
  if (!other) return;
  const built = image.architectures.map((name) => imageArchitectures[name]).join(', ');
  throw new Failure(
    'image-architecture-mismatch',
    `${image.buildVersion} is built for ${built}, and ${other.instanceId} is ${other.architecture}: build with --platform linux/${imageArchitectures[other.architecture]}`,
  );
}

export function inWaves(hosts: string[]): string[][] {
  const count = Math.ceil(hosts.length / waveSize);
  return Array.from({ length: count }, (_, wave) => hosts.slice(wave * waveSize, (wave + 1) * waveSize));
}

const documentNames = () => JSON.parse(environment('DOCUMENT_NAMES')) as Record<PhaseName, string>;

const dockerSource = (): DockerSource => ({
  repositoryUrl: environment('DOCKER_REPOSITORY_URL'),
  debKeyFingerprint: environment('DOCKER_DEB_KEY_FINGERPRINT'),
  rpmKeyFingerprint: environment('DOCKER_RPM_KEY_FINGERPRINT'),
});

let clients: Clients | undefined;
let apps: AppSettings[] | undefined;
export const handler = async (input: FindInput) => {
  clients ??= { ec2: new EC2Client({}), ssm: new SSMClient({}), ledger: new Ledger() };
  const { request, lease } = input;
  return { request, lease, plan: await findHosts(input, (apps ??= readApps()), clients) };
};
