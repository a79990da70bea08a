import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { deliverySeconds, phaseParameters } from '../contracts/phase.ts';
import type { PhaseName } from '../contracts/phase-name.ts';
import { phases } from '../contracts/phases/index.ts';
import type { DeploymentPlan } from '../contracts/plan.ts';
import { Ledger, runIdOf, runKey, type PhaseRun } from './lib/ledger.ts';

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
  await ledger.put(runKey(run), { ...run });
  const { Command } = await ssm.send(new SendCommandCommand(commandFor(input, run)));
  await ledger.update(runKey(run), 'ADD commandIds :id', { ':id': new Set([Command!.CommandId!]) });
}

function toRun({ phase, taskToken, plan, wave, waveIndex }: RunPhaseInput): PhaseRun {
  const hosts = phases[phase].onOneHost ? wave.slice(0, 1) : wave;
  return {
    deploymentId: plan.deploymentId,
    phase,
    wave: waveIndex,
    hosts,
    taskToken,
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

function commandFor({ phase, plan }: RunPhaseInput, run: PhaseRun) {
  const { name, version } = plan.documents[phase];
  const parameters = Object.entries(phaseParameters(phases[phase], plan)).map(([key, value]) => [
    key,
    [value],
  ]);
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
