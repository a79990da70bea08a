import { expect, onTestFinished } from 'vitest';
import type { LoadOptions } from '../../../rehearsal/load/load-options.ts';
import type { LoadReport } from '../../../rehearsal/load/load-report.ts';
import { LoadRun } from '../../../rehearsal/load/load-run.ts';
import type { Rates } from '../../../rehearsal/load/rates.ts';

export const silence: Rates = {
  keepAliveGetsPerSecond: 0,
  newConnectionGetsPerSecond: 0,
  postsPerSecond: 0,
  slowGetsPerSecond: 0,
  slowMs: 200,
  uploadsPerSecond: 0,
  uploadMs: 300,
  eventStreams: 0,
  webSockets: 0,
};

/** Runs only the load that is named, in this process, until the report is as expected; then drains it. */
export async function runLoad(
  target: LoadOptions['target'],
  rates: Partial<Rates>,
  enough: (report: LoadReport) => boolean,
  timeoutMs = 2000,
): Promise<LoadReport> {
  const run = new LoadRun({ target, rates: { ...silence, ...rates }, timeoutMs });
  let stopped: Promise<LoadReport> | undefined;
  onTestFinished(async () => void (await (stopped ??= run.stop())));
  await expect.poll(() => enough(run.report()), { interval: 20 }).toBe(true);
  return (stopped = run.stop());
}
