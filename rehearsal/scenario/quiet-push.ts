import { variants } from '../images/variants.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { describeDeployment } from '../report/describe-deployment.ts';
import type { DeploymentReport } from '../report/report.ts';
import type { RealStage } from '../stage/real-stage.ts';
import { measureFloor } from './floor.ts';
import { expectations } from './expectations.ts';
import { newBytes } from './main-job.ts';

export interface QuietPush {
  readonly deployment: DeploymentReport;
  readonly floorMs: number;
  readonly ratio: number | null;
  readonly problems: readonly string[];
}

/** The steady state without load: a prepared host, 1 MB of new layer, against the floor on the same host. */
export async function measureQuietPush(rehearsal: Rehearsal, stage: RealStage): Promise<QuietPush> {
  // The floor first: what the load and the way back left for the disk to do is over then for both.
  const floorMs = await measureFloor(rehearsal, stage);
  const walked = await rehearsal.push(variants.healthy('v5', newBytes));
  const deployment = await describeDeployment(rehearsal, 'A quiet push, for the figures', walked);
  const { pushToLiveMs } = deployment;
  const ratio = pushToLiveMs === null ? null : Number((pushToLiveMs / floorMs).toFixed(2));
  const problems = expectations(deployment, { outcome: 'Succeeded', serving: 'v5' });
  return { deployment, floorMs, ratio, problems };
}
