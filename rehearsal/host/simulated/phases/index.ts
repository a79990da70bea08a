import type { PhaseName } from '../../../../contracts/phase-name.ts';
import type { PhaseModel } from '../run.ts';
import {
  inspect,
  installDocker,
  installNginx,
  mountVolume,
  pullRelease,
  resolveDatabase,
  resolveEnv,
} from './prepare.ts';
import { bake, runMigrations, startCandidate, switchTraffic } from './release.ts';
import { retire, revert } from './way-back.ts';

/** The model of each phase's script. */
export const phaseModels: Readonly<Record<PhaseName, PhaseModel>> = {
  inspect,
  'mount-volume': mountVolume,
  'install-docker': installDocker,
  'install-nginx': installNginx,
  'resolve-database': resolveDatabase,
  'resolve-env': resolveEnv,
  'pull-release': pullRelease,
  'run-migrations': runMigrations,
  'start-candidate': startCandidate,
  'switch-traffic': switchTraffic,
  bake,
  retire,
  revert,
};
