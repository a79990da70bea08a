import { phaseNames, type PhaseName } from '../phase-name.ts';
import type { PhaseDefinition } from '../phase.ts';
import { bake } from './bake.ts';
import { inspect } from './inspect.ts';
import { installDocker } from './install-docker.ts';
import { installNginx } from './install-nginx.ts';
import { mountVolume } from './mount-volume.ts';
import { pullRelease } from './pull-release.ts';
import { resolveDatabase } from './resolve-database.ts';
import { resolveEnv } from './resolve-env.ts';
import { retire } from './retire.ts';
import { revert } from './revert.ts';
import { runMigrations } from './run-migrations.ts';
import { startCandidate } from './start-candidate.ts';
import { switchTraffic } from './switch-traffic.ts';

const definitions = [
  inspect,
  mountVolume,
  installDocker,
  installNginx,
  resolveDatabase,
  resolveEnv,
  pullRelease,
  runMigrations,
  startCandidate,
  switchTraffic,
  bake,
  retire,
  revert,
];

/** Every phase by its name. */
export const phases = Object.fromEntries(
  phaseNames.map((name) => [name, definitions.find((definition) => definition.name === name)!]),
) as Readonly<Record<PhaseName, PhaseDefinition>>;
