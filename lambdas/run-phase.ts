import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { InvalidInstanceId, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { Failure } from '../contracts/failure.ts';
import { deliverySeconds, phaseParameters } from '../contracts/phase.ts';
import type { PhaseName } from '../contracts/phase-name.ts';
import { phases } from '../contracts/phases/index.ts';
import type { DeploymentPlan } from '../contracts/plan.ts';
import { Ledger, runIdOf, runKey, type PhaseRun } from './lib/ledger.ts';
import { migrationOf } from './lib/deployment-facts.ts';

export interface RunPhaseInput {
  readonly phase: PhaseName;
  readonly taskToken: string;
  readonly plan: DeploymentPlan;
  readonly wave: readonly string[];
  readonly waveIndex: number;
}

export interface Clients {
  readonly ledger: Ledger;
  readonly ssm: SSMClient;
  readonly sfn: SFNClient;
}

/** Writes the intent, then sends the command with the run's id as its Comment: so no event can come too early. */
export async function runPhase(input: RunPhaseInput, { ledger, ssm, sfn }: Clients): Promise<void> {
  const run = toRun(input);
  if (run.phase === 'revert' && !(await ledger.run({ ...run, phase: 'start-candidate' })))
    return skipRevert(input, sfn);
  await writeIntent(run, ledger);
  await refuseWithoutLease(input.plan, ledger); // after it, so that a closing that has taken over either sees the intent or is seen
  const commandId = await send(await withSchema(input, ledger), run, { ledger, ssm });
  await ledger.update(runKey(run), 'ADD commandIds :id', { ':id': new Set([commandId]) });
}

/** Whether the release before would meet a schema that is newer than its own decides whether traffic may go back to it. */
async function withSchema(input: RunPhaseInput, ledger: Ledger): Promise<RunPhaseInput> {
  const { phase, plan } = input;
  if (phase !== 'revert' || !plan.hasMigration) return input;
  const migration = await ledger.run({
    deploymentId: plan.deploymentId,
    phase: 'run-migrations',
    wave: 0,
  });
  return { ...input, plan: { ...plan, schemaMoved: migrationOf(migration)?.skipped === '' } };
}

/** A callback of a higher fence is a closing's, and stays. */
async function writeIntent(run: PhaseRun, ledger: Ledger): Promise<void> {
  const written = await ledger.putIf(runKey(run), { ...run }, 'attribute_not_exists(pk) OR fence <= :fence', {
    ':fence': run.fence,
  });
  if (!written) throw stale(run.deploymentId);
}

/** An execution that was closed, and is redriven by a person, has no right to the app any more. */
async function refuseWithoutLease(
  { app, deploymentId, fence }: DeploymentPlan,
  ledger: Ledger,
): Promise<void> {
  const lease = await ledger.lease(app.name);
  if (!lease?.open || lease.fence !== fence) throw stale(deploymentId);
}

const stale = (deploymentId: string) =>
  new Failure(
    'fence-stale',
    `${deploymentId} has lost its lease to a newer deployment or a closing: start a new deployment instead`,
  );

type Sender = Pick<Clients, 'ledger' | 'ssm'>;

/** SSM refuses a whole wave for one instance that is gone; on the way back the others are asked without it. */
async function send(input: RunPhaseInput, run: PhaseRun, { ledger, ssm }: Sender): Promise<string> {
  try {
    const { Command } = await ssm.send(new SendCommandCommand(commandFor(input, run)));
    return Command!.CommandId!;
  } catch (error) {
    if (!(error instanceof InvalidInstanceId)) throw error;
    const named: string[] = error.message.match(/m?i-[0-9a-f]+/g) ?? [];
    const unreachable = run.hosts.filter((host) => named.includes(host));
    const hosts = run.hosts.filter((host) => !unreachable.includes(host));
    if (run.phase !== 'revert' || unreachable.length === 0 || hosts.length === 0)
      throw new Failure('host-unreachable', `${run.phase}: SSM sends nothing: ${error.message}`, {
        cause: error,
      });
    await ledger.update(runKey(run), 'SET unreachable = :hosts', { ':hosts': unreachable });
    return send(input, { ...run, hosts }, { ledger, ssm });
  }
}

function toRun({ phase, taskToken, plan, wave, waveIndex }: RunPhaseInput): PhaseRun {
  const hosts = phases[phase].onOneHost ? wave.slice(0, 1) : wave;
  return {
    deploymentId: plan.deploymentId,
    phase,
    wave: waveIndex,
    fence: plan.fence,
    hosts,
    taskToken,
    executionSeconds: phases[phase].executionSeconds(plan),
    ...(phase === 'bake' && plan.alarms?.length && { alarms: plan.alarms }),
    open: 'open',
    since: Date.now(),
  };
}

/** A wave to which start-candidate was never sent has nothing to take back, and its hosts may well be out of reach. */
async function skipRevert({ taskToken }: RunPhaseInput, sfn: SFNClient): Promise<void> {
  await sfn.send(
    new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ switched: false, hosts: [] }) }),
  );
}

function commandFor({ phase, plan, waveIndex }: RunPhaseInput, run: PhaseRun) {
  const { name, version, parameters: known } = plan.documents[phase];
  // A parameter holds the volumes of a wave, not those of a thousand hosts.
  const before = plan.waves.slice(0, waveIndex).flat().length;
  const volumeIds = plan.volumeIds.slice(before, before + plan.waves[waveIndex]!.length);
  const values = phaseParameters(phases[phase], { ...plan, volumeIds });
  const parameters = Object.entries(values)
    .filter(([key]) => known.includes(key))
    .map(([key, value]) => [key, [value]]);
  return {
    DocumentName: name,
    DocumentVersion: version,
    InstanceIds: [...run.hosts],
    Parameters: Object.fromEntries(parameters) as Record<string, string[]>,
    Comment: runIdOf(run),
    TimeoutSeconds: deliverySeconds,
    // Every host is asked, whatever the others answer: SSM would stop at the first error and ramp up from one.
    MaxConcurrency: '100%',
    MaxErrors: '100%',
  };
}

let clients: Clients | undefined;
export const handler = async (input: RunPhaseInput) =>
  runPhase(input, (clients ??= { ledger: new Ledger(), ssm: new SSMClient({}), sfn: new SFNClient({}) }));
