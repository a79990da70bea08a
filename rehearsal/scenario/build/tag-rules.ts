import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import type { Outcome } from '../../../contracts/outcome.ts';
import type { DeploymentRequest } from '../../../contracts/request.ts';
import { historyKey } from '../../../lambdas/lib/ledger.ts';
import type { ImageSpec } from '../../images/image.ts';
import type { Rehearsal } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';
import type { RealStage } from '../../stage/real-stage.ts';
import { differences } from '../notes.ts';
import type { Step } from '../tell.ts';
import {
  count,
  push,
  pushAgain,
  pushes,
  pushIndex,
  removeWhileWaiting,
  withEcr,
  type Counts,
} from './tag-pushes.ts';

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
    check: (rehearsal, deployment) =>
      isRecorded(rehearsal, deployment, 'Succeeded', { deployments: 2, executions: 3 }),
  },
  {
    title: 'A tag that is removed while its push waits, and with it the image',
    run: (rehearsal) => removeWhileWaiting(rehearsal, 'deleted'),
    expect: { outcome: 'Failed', failureId: 'image-not-found', serving: 'before-deleted' },
    check: async (rehearsal, deployment) => [
      ...(await isRecorded(rehearsal, deployment, 'Failed', { deployments: 2, executions: 2 })),
      ...(/it was deleted\. Push it again/.test(deployment.cause ?? '')
        ? []
        : [`its cause says not what to do: ${deployment.cause}`]),
    ],
  },
];

interface Record {
  readonly request: DeploymentRequest;
  readonly outcome: Outcome;
}

/** A deployment for each push that is one and no other, of the digest that was pushed; the ledger and the execution agree. */
async function isRecorded(
  rehearsal: Rehearsal,
  { deploymentId, buildVersion }: DeploymentReport,
  outcome: Outcome,
  expected: Counts = { deployments: 1, executions: 1 },
): Promise<string[]> {
  const { ledger } = rehearsal.deployer;
  const { digest, before } = pushes.get(rehearsal)!;
  const record = await ledger.get<Record>(historyKey(rehearsal.app.name, deploymentId));
  const current = await ledger.current(rehearsal.app.name);
  const isCurrent = current?.digest === digest && current.buildVersion === buildVersion;
  const now = await count(rehearsal);
  return differences({
    'new deployments': [now.deployments - before.deployments, expected.deployments],
    'new executions': [now.executions - before.executions, expected.executions],
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
  const said = await (stage as RealStage).hosts[0].exec(['sh', '-c', architectureOfRunning]);
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
  return said.trim() === own ? [] : [`the container's image is for ${said.trim()} instead of ${own}`];
}

const architectureOfRunning =
  'docker image inspect --format \'{{.Architecture}}\' "$(docker inspect --format \'{{.Image}}\' "$(docker ps --quiet --latest)")"';
