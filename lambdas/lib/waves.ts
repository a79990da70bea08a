import type { AppSettings } from '../../contracts/app-settings.ts';
import { Failure } from '../../contracts/failure.ts';

/** Few hosts bake a release before all others take it, wave by wave. Where all hosts would be canaries there are none. */
export function inWaves(
  hosts: readonly string[],
  { canaryHosts, waveHosts }: Pick<AppSettings['rollout'], 'canaryHosts' | 'waveHosts'>,
): string[][] {
  const canaries = hosts.length > canaryHosts ? hosts.slice(0, canaryHosts) : [];
  const rest = hosts.slice(canaries.length);
  const waves = Array.from({ length: Math.ceil(rest.length / waveHosts) }, (_, wave) =>
    rest.slice(wave * waveHosts, (wave + 1) * waveHosts),
  );
  return canaries.length > 0 ? [canaries, ...waves] : waves;
}

/** The state machine's own timeout. */
export const executionSeconds = 12 * 3600;
/** For what all waves do side by side: preparing, the migration, retiring, and the way back. */
const besidesSeconds = 3600;
/** For what switch-traffic takes, and for handing three commands over. */
const handingSeconds = 60;

/** Source: Step Functions Developer Guide, "Service quotas": an execution with more has failed. */
const mostEvents = 25_000;
/** Of an execution that waited for the lease as long as it may, three an attempt, and of what is not a wave's. */
const besidesEvents = 11_500;
/** Of a wave that walks every phase, with room for a dozen that are sent again. */
export const eventsOfWave = 130;

/** `secondsLeft`: what the execution has, which may have waited for the lease for hours. */
export function refuseLongRollout(waves: readonly unknown[], app: AppSettings, secondsLeft: number): void {
  const { health, bake } = app.timeouts;
  const waveSeconds = health + bake + handingSeconds;
  const inTime = Math.floor(Math.max(0, secondsLeft - besidesSeconds) / waveSeconds);
  const inHistory = Math.floor((mostEvents - besidesEvents) / eventsOfWave);
  if (waves.length <= Math.min(inTime, inHistory)) return;
  const limit =
    inTime < inHistory
      ? `${inTime} fit into the ${Math.floor(secondsLeft / 60)} min that the execution has, at up to ${waveSeconds} s each: lower timeouts.bake or timeouts.health, or raise`
      : `${inHistory} fit into the history of an execution: raise`;
  throw new Failure(
    'rollout-too-long',
    `${app.name} has ${waves.length} waves, and ${limit} rollout.waveHosts (${app.rollout.waveHosts}), then deploy again`,
  );
}
