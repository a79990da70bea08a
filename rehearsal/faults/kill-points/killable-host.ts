import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PhaseName } from '../../../contracts/phase-name.ts';
import { HostDownError } from '../../host/host.ts';
import type { PhaseHost, Values } from '../../phases/phase-host.ts';
import type { KillPoint } from './draw.ts';

const script = readFileSync(join(import.meta.dirname, 'kill-point.sh'), 'utf8');
const scriptPath = '/root/kill-point.sh';
/** Gone when the host has been down. */
const upFile = '/run/kill-point-up';

export async function prepareToKill(host: PhaseHost): Promise<void> {
  await host.shell(`cat >${scriptPath} <<'END'\n${script}END`);
}

/** Runs a phase until the point; whether it came there. A host that was killed is up again. */
export async function runUntil(
  host: PhaseHost,
  phase: PhaseName,
  values: Values,
  point: KillPoint,
): Promise<boolean> {
  await host.shell(`touch ${upFile}`);
  const ended = await host.start(phase, values, 120, variablesOf(point)).catch((error: unknown) => {
    if (!(error instanceof HostDownError)) throw error;
  });
  const isKilled = ended?.signal === 'SIGKILL' || !ended;
  if (isKilled && point.what === 'host') await awaitUp(host);
  return isKilled;
}

/** Lines that a whole run comes to for the first time. */
export async function countSteps(host: PhaseHost, phase: PhaseName, values: Values): Promise<number> {
  const record = '/run/kill-point-steps';
  const point: KillPoint = { step: 0, what: 'script', delayMs: 0 };
  await host.shell(`: >${record}`);
  await host.start(phase, values, 120, { ...variablesOf(point), KILL_RECORD: record });
  return Number(await host.shell(`stat -c %s ${record}`));
}

function variablesOf({ step, what, delayMs }: KillPoint): Values {
  return {
    BASH_ENV: scriptPath,
    KILL_STEP: String(step),
    KILL_WHAT: what,
    KILL_DELAY: String(delayMs / 1000),
    KILL_RECORD: '',
  };
}

async function awaitUp(host: PhaseHost): Promise<void> {
  const isUp = () =>
    host.host.exec(['test', '!', '-e', upFile]).then(
      () => true,
      () => false,
    );
  while (!(await isUp())) await sleep(20);
}
