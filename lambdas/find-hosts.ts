import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { AppSettings } from '../contracts/app-settings.ts';
import { imageArchitectures } from '../contracts/architecture.ts';
import { Failure } from '../contracts/failure.ts';
import type { PhaseName } from '../contracts/phase-name.ts';
import type { DeploymentPlan, DockerSource, ImagePlan } from '../contracts/plan.ts';
import type { DeploymentRequest } from '../contracts/request.ts';
import { refuseUnreachable, splitByReach, type Reach } from './lib/agents.ts';
import { environment } from './lib/clients.ts';
import { findDocuments } from './lib/documents.ts';
import { describeHosts, nameSome, type Host } from './lib/hosts.ts';
import { deploymentKey, Ledger } from './lib/ledger.ts';
import { readApps } from './lib/settings.ts';
import { attachVolumes } from './lib/volumes.ts';
import { heededAlarms } from './lib/watched-alarms.ts';
import { executionSeconds, inWaves, refuseLongRollout } from './lib/waves.ts';
import type { ResolveInput } from './resolve-image.ts';

export interface FindInput extends ResolveInput {
  readonly image: ImagePlan;
}

export interface Clients {
  readonly cloudwatch: CloudWatchClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly ledger: Ledger;
}

/** Makes the plan: the hosts that carry the tag now, or those that catch up, proven fit for this image, in waves. */
export async function findHosts(
  { request, lease, image }: FindInput,
  apps: AppSettings[],
  { cloudwatch, ec2, ssm, ledger }: Clients,
): Promise<DeploymentPlan> {
  const app = apps.find(({ name }) => name === request.app);
  if (!app)
    throw new Failure(
      'unknown-app',
      `app ${request.app} is not configured: add it to edgepaas.config.ts and deploy`,
    );
  const tagged = await describeHosts(app.hostTag, ec2);
  const hosts = wantedOf(tagged, request);
  refuseOtherArchitecture(hosts, image);
  refuseSqliteOnMany(tagged, app, request);
  const [documents, reach, alarms] = await Promise.all([
    findDocuments(documentNames(), ssm),
    splitByReach(hosts, ssm),
    heededAlarms(app, cloudwatch),
  ]);
  refuseUnreachable(reach, request.catchUp ? Infinity : app.rollout.unavailableHosts);
  const waves = inWaves(idsOf(reach.online), app.rollout);
  refuseLongRollout(waves, app, secondsLeft(request));
  const plan: DeploymentPlan = {
    ...lease,
    app,
    image,
    waves,
    volumeIds: await attachVolumes(reach.online, app.volume.tag, ec2),
    ...leftOutOf(reach),
    ...alarms,
    documents,
    ...databaseOf(app, request),
    ...(request.catchUp && { catchUp: true }),
    docker: dockerSource(),
  };
  await ledger.put(deploymentKey(lease.deploymentId, 'plan'), { plan });
  return plan;
}

const idsOf = (hosts: readonly Host[]) => hosts.map(({ instanceId }) => instanceId);

/** All of them; of those that a catch-up names, the ones that are still there. */
function wantedOf(tagged: Host[], { app, catchUp }: DeploymentRequest): Host[] {
  if (!catchUp) return tagged;
  const hosts = tagged.filter(({ instanceId }) => catchUp.includes(instanceId));
  if (hosts.length > 0) return hosts;
  throw new Failure(
    'no-host-found',
    `none of ${nameSome(catchUp)} is a running host of ${app}: check the ids and their tag`,
  );
}

/** What a host that catches up would decide anew was decided for all; a file of its own is another database than theirs. */
function refuseSqliteOnMany(
  tagged: readonly Host[],
  { name, database }: AppSettings,
  request: DeploymentRequest,
): void {
  if (request.database?.mode !== 'sqlite_only' || tagged.length === 1 || database?.sqliteOnManyHosts) return;
  throw new Failure(
    'sqlite-on-many-hosts',
    `${name} runs with SQLite, and ${tagged.length} hosts would each have a file of their own: take the tag off the new ones, use Postgres, or allow it with database.sqliteOnManyHosts`,
  );
}

const leftOutOf = ({ offline }: Reach) => (offline.length > 0 ? { leftOut: idsOf(offline) } : {});

/** A catch-up migrates nothing, and takes the database that the current release's other hosts have. */
function databaseOf({ database }: AppSettings, request: DeploymentRequest) {
  const isDecided = database !== undefined && request.database !== undefined;
  return {
    hasDatabase: database !== undefined && !isDecided,
    hasMigration: database?.migrations !== undefined && !request.catchUp,
    ...(isDecided && { database: request.database }),
  };
}

/** Of this execution, whose start is the second part of the order. */
function secondsLeft({ order }: DeploymentRequest): number {
  const startedAt = Date.parse(order.split(' ')[1]!);
  return executionSeconds - (Date.now() - startedAt) / 1000;
}

function refuseOtherArchitecture(hosts: readonly Host[], image: ImagePlan): void {
  const other = hosts.find(({ architecture }) => !image.architectures.includes(architecture));
  if (!other) return;
  const built = image.architectures.map((name) => imageArchitectures[name]).join(', ');
  throw new Failure(
    'image-architecture-mismatch',
    `${image.buildVersion} is built for ${built}, and ${other.instanceId} is ${other.architecture}: build with --platform linux/${imageArchitectures[other.architecture]}`,
  );
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
  clients ??= {
    cloudwatch: new CloudWatchClient({}),
    ec2: new EC2Client({}),
    ssm: new SSMClient({}),
    ledger: new Ledger(),
  };
  const { request, lease } = input;
  return { request, lease, plan: await findHosts(input, (apps ??= readApps()), clients) };
};
