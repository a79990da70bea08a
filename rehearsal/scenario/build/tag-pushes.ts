import { BatchDeleteImageCommand, ECRClient } from '@aws-sdk/client-ecr';
import { pushEvent } from '../../aws/ecr-events.ts';
import { buildIndexImage, pushIndexImage } from '../../images/index-image.ts';
import type { ImageSpec } from '../../images/image.ts';
import { variants } from '../../images/variants.ts';
import type { Rehearsal, Walked } from '../../rehearsal.ts';
import type { RealStage } from '../../stage/real-stage.ts';
import type { SimulatedStage } from '../../stage/simulated-stage.ts';

/** A push that starts nothing makes no execution either: one that is refused would have. */
export interface Counts {
  readonly deployments: number;
  readonly executions: number;
}

/** What was pushed last, and what there was before: what a step's check compares with. */
interface Pushes {
  readonly digest: string;
  readonly before: Counts;
}
export const pushes = new WeakMap<Rehearsal, Pushes>();

export async function push(rehearsal: Rehearsal, spec: ImageSpec): Promise<Walked> {
  const before = await count(rehearsal);
  const { pushed, started } = await rehearsal.pushOnly(spec);
  pushes.set(rehearsal, { digest: pushed.digest, before });
  return rehearsal.walked(await started);
}

export async function pushAgain(rehearsal: Rehearsal, spec: ImageSpec): Promise<Walked> {
  const before = await count(rehearsal);
  const { pushed, started } = await rehearsal.pushOnly(spec);
  pushes.set(rehearsal, { digest: pushed.digest, before });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const event = { repository: rehearsal.app.repository.name, tag: 'latest', mediaType, ...pushed };
  rehearsal.deployer.events.publish(pushEvent(event));
  return rehearsal.walked(await started);
}

/** The children's events have no tag: whatever they begin would be one deployment too many. */
export async function pushIndex(rehearsal: Rehearsal): Promise<Walked> {
  const spec = variants.healthy('index');
  const before = await count(rehearsal);
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
export async function removeWhileWaiting(
  rehearsal: Rehearsal,
  tag: string,
  otherTags: readonly string[] = [],
): Promise<Walked> {
  const before = await count(rehearsal);
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

export const count = async ({ deployer, app }: Rehearsal): Promise<Counts> => ({
  deployments: (await deployer.ledger.lease(app.name))?.fence ?? 0,
  executions: deployer.states.executions().length,
});

export async function withEcr<T>({ deployer }: Rehearsal, ask: (ecr: ECRClient) => Promise<T>): Promise<T> {
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
