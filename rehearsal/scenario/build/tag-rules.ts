import { BatchDeleteImageCommand, DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import type { Outcome } from '../../../contracts/outcome.ts';
import type { DeploymentRequest } from '../../../contracts/request.ts';
import { historyKey } from '../../../lambdas/lib/ledger.ts';
import { pushEvent } from '../../aws/ecr-events.ts';
import { buildIndexImage, pushIndexImage } from '../../images/index-image.ts';
import type { ImageSpec } from '../../images/image.ts';
import { variants } from '../../images/variants.ts';
import type { Rehearsal, Walked } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';
import type { RealStage } from '../../stage/real-stage.ts';
import type { SimulatedStage } from '../../stage/simulated-stage.ts';
import { differences } from '../notes.ts';
import type { Step } from '../tell.ts';

/** What was pushed last, and how many deployments there were before: what a step's check compares with. */
interface Pushes {
  digest: string;
  before: number;
}
const pushes = new WeakMap<Rehearsal, Pushes>();

/** `latest` means another image each time: its content differs, its name does not. */
const latest = (mark: string): ImageSpec => ({ buildVersion: 'latest', environment: { MARK: mark } });

/** What becomes of a tag: each step says what is pushed, what serves then and what the ledger remembers. */
export const tagRules: Step[] = [
  {
    title: 'A push of latest',
    run: (rehearsal) => push(rehearsal, latest('one')),
    expect: { outcome: 'Succeeded', serving: 'latest' },
    check: (rehearsal, deployment) => isRecorded(rehearsal, deployment, 'Succeeded'),
  },
  {
    title: 'latest moves on',
    run: (rehearsal) => push(rehearsal, latest('two')),
    expect: { outcome: 'Succeeded', serving: 'latest' },
    check: async (rehearsal, deployment) => [
      ...(await isRecorded(rehearsal, deployment, 'Succeeded')),
      ...(await keptWhatItMeant(rehearsal)),
    ],
  },
  {
    title: 'The same again: its push tells nobody, and an event that comes all the same deploys it once more',
    run: (rehearsal) => pushAgain(rehearsal, latest('two')),
    expect: { outcome: 'Succeeded', serving: 'latest' },
    check: (rehearsal, deployment) => isRecorded(rehearsal, deployment, 'Succeeded'),
  },
  {
    title: 'An index of two architectures and their attestations',
    run: pushIndex,
    expect: { outcome: 'Succeeded', serving: 'index' },
    check: async (rehearsal, deployment) => [
      ...(await isRecorded(rehearsal, deployment, 'Succeeded')),
      ...(await runsOwnArchitecture(rehearsal)),
    ],
  },
  {
    title: 'A tag that is removed while its push waits, and whose image has another one',
    run: (rehearsal) => removeWhileWaiting(rehearsal, 'removed', ['also-removed']),
    expect: { outcome: 'Succeeded', serving: 'removed' },
    check: (rehearsal, deployment) => isRecorded(rehearsal, deployment, 'Succeeded', 2),
  },
  {
    title: 'A tag that is removed while its push waits, and with it the image',
    run: (rehearsal) => removeWhileWaiting(rehearsal, 'deleted'),
    expect: { outcome: 'Failed', failureId: 'image-not-found', serving: 'before-deleted' },
    check: async (rehearsal, deployment) => [
      ...(await isRecorded(rehearsal, deployment, 'Failed', 2)),
      ...(/it was deleted\. Push it again/.test(deployment.cause ?? '')
        ? []
        : [`its cause says not what to do: ${deployment.cause}`]),
    ],
  },
];

async function push(rehearsal: Rehearsal, spec: ImageSpec): Promise<Walked> {
  const before = await countDeployments(rehearsal);
  const { pushed, started } = await rehearsal.pushOnly(spec);
  pushes.set(rehearsal, { digest: pushed.digest, before });
  return rehearsal.walked(await started);
}

async function pushAgain(rehearsal: Rehearsal, spec: ImageSpec): Promise<Walked> {
  const before = await countDeployments(rehearsal);
  const { pushed, started } = await rehearsal.pushOnly(spec);
  pushes.set(rehearsal, { digest: pushed.digest, before });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const event = { repository: rehearsal.app.repository.name, tag: 'latest', mediaType, ...pushed };
  rehearsal.deployer.events.publish(pushEvent(event));
  return rehearsal.walked(await started);
}

/** The children's events have no tag: whatever they begin would be one deployment too many. */
async function pushIndex(rehearsal: Rehearsal): Promise<Walked> {
  const spec = variants.healthy('index');
  const before = await countDeployments(rehearsal);
  const started = rehearsal.nextStart('"image-tag":"index"');
  const { digest } = await pushIndexTo(rehearsal, spec);
  pushes.set(rehearsal, { digest, before });
  return rehearsal.walked(await started);
}

async function pushIndexTo({ stage, app }: Rehearsal, spec: ImageSpec): Promise<{ digest: string }> {
  const repository = app.repository.name;
  if (stage.kind === 'simulated') return (stage as SimulatedStage).pushIndex(spec, repository);
  const environment = { HEALTH_PATH: app.healthPath, ...spec.environment };
  const image = await buildIndexImage({ ...spec, environment });
  const { registryUrl: registry } = stage as RealStage;
  return pushIndexImage(image, { registry, repository, tag: spec.buildVersion });
}

/** A push waits for a deployment that runs; meanwhile somebody removes its tag. */
async function removeWhileWaiting(
  rehearsal: Rehearsal,
  tag: string,
  otherTags: readonly string[] = [],
): Promise<Walked> {
  const before = await countDeployments(rehearsal);
  const running = await rehearsal.pushOnly(variants.healthy(`before-${tag}`));
  const first = await running.started;
  await reach(rehearsal, first, 'ResolveImage');
  const spec = variants.healthy(tag);
  // Two pushes of one millisecond would have no order.
  for (const other of otherTags)
    await reach(rehearsal, await (await rehearsal.pushOnly(spec, other)).started, 'AcquireLease');
  const { pushed, started } = await rehearsal.pushOnly(spec);
  await deleteTag(rehearsal, tag);
  pushes.set(rehearsal, { digest: pushed.digest, before });
  await rehearsal.walked(first);
  return rehearsal.walked(await started);
}

/** Waits until an execution enters a state, unless it was there already. */
async function reach(rehearsal: Rehearsal, arn: string, state: string): Promise<void> {
  const { handle } = rehearsal.deployer.states.executions().find((execution) => execution.arn === arn)!;
  const entered = handle.history.some(({ type, name }) => type === 'TaskStateEntered' && name === state);
  if (!entered) await rehearsal.entered(arn, state);
}

/** As a person does: the image goes with its last tag. */
async function deleteTag(rehearsal: Rehearsal, imageTag: string): Promise<void> {
  const repositoryName = rehearsal.app.repository.name;
  await withEcr(rehearsal, (ecr) =>
    ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag }] })),
  );
}

interface Record {
  readonly request: DeploymentRequest;
  readonly outcome: Outcome;
}

/** A deployment for each push that is one and no other, of the digest that was pushed; the ledger and the execution agree. */
async function isRecorded(
  rehearsal: Rehearsal,
  { deploymentId, buildVersion }: DeploymentReport,
  outcome: Outcome,
  count = 1,
): Promise<string[]> {
  const { ledger } = rehearsal.deployer;
  const { digest, before } = pushes.get(rehearsal)!;
  const record = await ledger.get<Record>(historyKey(rehearsal.app.name, deploymentId));
  const current = await ledger.current(rehearsal.app.name);
  const isCurrent = current?.digest === digest && current.buildVersion === buildVersion;
  return differences({
    'new deployments': [(await countDeployments(rehearsal)) - before, count],
    'the digest in the history': [record?.request.digest, digest],
    'the outcome in the history': [record?.outcome, outcome],
    'whether it is the current release': [isCurrent, outcome === 'Succeeded'],
  });
}

/** An image whose tag has moved on is still there, without one: it is what the app goes back to. */
async function keptWhatItMeant(rehearsal: Rehearsal): Promise<string[]> {
  const current = await rehearsal.deployer.ledger.current(rehearsal.app.name);
  const repositoryName = rehearsal.app.repository.name;
  const filter = { tagStatus: 'UNTAGGED' as const };
  const { imageDetails = [] } = await withEcr(rehearsal, (ecr) =>
    ecr.send(new DescribeImagesCommand({ repositoryName, filter })),
  );
  const isThere = imageDetails.some(({ imageDigest }) => imageDigest === current?.previous?.digest);
  return isThere ? [] : ['what latest meant before is not in the repository'];
}

/** Docker has pulled, of the index, what this host can run. */
async function runsOwnArchitecture({ stage }: Rehearsal): Promise<string[]> {
  if (stage.kind !== 'real') return [];
  const said = await (stage as RealStage).host.exec(['sh', '-c', architectureOfRunning]);
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
  return said.trim() === own ? [] : [`the container's image is for ${said.trim()} instead of ${own}`];
}

const architectureOfRunning =
  'docker image inspect --format \'{{.Architecture}}\' "$(docker inspect --format \'{{.Image}}\' "$(docker ps --quiet --latest)")"';

const countDeployments = async ({ deployer, app }: Rehearsal) =>
  (await deployer.ledger.lease(app.name))?.fence ?? 0;

async function withEcr<T>({ deployer }: Rehearsal, ask: (ecr: ECRClient) => Promise<T>): Promise<T> {
  const { endpointUrl: endpoint, stack, credentials } = deployer;
  const ecr = new ECRClient({
    endpoint,
    region: stack.region,
    credentials: credentials.credentialsFor('rehearsal'),
  });
  try {
    return await ask(ecr);
  } finally {
    ecr.destroy();
  }
}
