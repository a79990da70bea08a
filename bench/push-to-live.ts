import { variants } from '../rehearsal/images/variants.ts';
import { Rehearsal } from '../rehearsal/rehearsal.ts';
import { describeDeployment } from '../rehearsal/report/describe-deployment.ts';
import type { DeploymentReport } from '../rehearsal/report/report.ts';
import { measureFloor } from '../rehearsal/scenario/floor.ts';
import { newBytes } from '../rehearsal/scenario/main-job.ts';
import { createRealStage, type RealStage } from '../rehearsal/stage/real-stage.ts';
import { median, record } from './record.ts';

/** Steady state against the floor on the same host, in turns: a push, then the bare sequence by hand, five times. */
const rounds = 5;

let stage: RealStage | undefined;
const makeStage = async (tags: Parameters<typeof createRealStage>[0]['tags']) =>
  (stage = await createRealStage({ tags, progress: console.error }));
const rehearsal = await Rehearsal.start({ makeStage });
try {
  await rehearsal.push(variants.healthy('v0', newBytes));
  const pushes: DeploymentReport[] = [];
  const floors: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const walked = await rehearsal.push(variants.healthy(`v${round}`, newBytes));
    pushes.push(await describeDeployment(rehearsal, `round ${round}`, walked));
    floors.push(await measureFloor(rehearsal, stage!, `floor-${round}`));
  }
  await rehearsal.push(variants.diesAfterStart('dies', 3000));
  const pushToLiveMs = median(pushes.map((push) => push.pushToLiveMs ?? Infinity));
  const floorMs = median(floors);
  const phases = pushes[0]!.phases.map(({ phase }) => phase);
  const phaseMs = (phase: string) =>
    median(pushes.map((push) => push.phases.find((one) => one.phase === phase)?.ms ?? 0));
  record('push-to-live', {
    rounds,
    pushToLiveMs,
    floorMs,
    ratio: Number((pushToLiveMs / floorMs).toFixed(2)),
    commandsUntilLive: Math.max(...pushes.map((push) => push.commandsUntilLive ?? Infinity)),
    stateTransitionsUntilLive: Math.max(...pushes.map((push) => push.stateTransitionsUntilLive ?? Infinity)),
    switchMs: Math.max(...pushes.map((push) => push.switchMs ?? Infinity)),
    backMs: await backMsOf(rehearsal),
    phaseMs: Object.fromEntries(phases.map((phase) => [phase, phaseMs(phase)])),
  });
} finally {
  await rehearsal.close();
}

/** How long the way back took on the host: revert's own fact. */
async function backMsOf({ deployer }: Rehearsal): Promise<number | null> {
  const lease = await deployer.ledger.lease('web');
  const [run] = (await deployer.ledger.runs(lease!.deploymentId)).filter(({ phase }) => phase === 'revert');
  const receipt = Object.values(run?.receipts ?? {})[0];
  return receipt && 'facts' in receipt ? Number(receipt.facts['backMs']) : null;
}
