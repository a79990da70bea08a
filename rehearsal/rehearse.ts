import { rmSync, writeFileSync } from 'node:fs';
import { InvalidConfigError } from '../contracts/config.ts';
import { InterruptedError, type Interruption } from './interruption.ts';
import { logError } from './log-folder.ts';
import type { Progress } from './progress.ts';
import { Rehearsal } from './rehearsal.ts';
import { printReceipt } from './report/print-receipt.ts';
import type { RehearsalReport } from './report/report.ts';
import type { HostLoads } from './scenario/host-loads.ts';
import { scenarioOf, type ScenarioName } from './scenario/index.ts';
import { tellScenario, type Narrator } from './scenario/tell.ts';
import { measureQuietPush } from './scenario/quiet-push.ts';
import { keepHostLogs } from './stage/keep-host-logs.ts';
import { createRealStage, type RealStage } from './stage/real-stage.ts';
import { createSimulatedStage } from './stage/simulated-stage.ts';

export interface Rehearsing {
  readonly scenario: ScenarioName;
  /** Instead of the scenario's own. */
  readonly configFile?: string;
  /** Why the host is simulated and what a real one needs; null for a real one. */
  readonly hostNote: string | null;
  readonly reportFile: string;
  readonly progress: Progress;
  readonly interruption: Interruption;
}

/** Sets up, tells the scenario, prints the receipt and takes everything down. True if all went as it should. */
export async function rehearse(about: Rehearsing): Promise<boolean> {
  const { hostNote, progress, interruption, reportFile } = about;
  const { configFile, hosts, database, checkouts } = { ...scenarioOf(about.scenario), ...about };
  const startedAt = new Date();
  rmSync(reportFile, { force: true }); // an older run's says nothing of this one
  const { signal } = interruption;
  const rehearsal = await Rehearsal.start({
    configFile,
    signal,
    makeStage: (tags, app) =>
      hostNote
        ? createSimulatedStage({ tags, app: app.name, hosts })
        : createRealStage({
            ...{ tags, signal, hosts, database, checkouts },
            ...{ serverNames: app.serverNames, progress: progress.say },
          }),
    onHistory: progress.note,
  }).catch((error: unknown) => {
    if (hostNote || error instanceof InvalidConfigError) throw error;
    const otherWay = 'Without a real host the same flow runs by: npm start -- --simulated';
    throw new Error(`${(error as Error).message}\n${otherWay}`, { cause: error });
  });
  const loads: HostLoads[] = [];
  let succeeded = false;
  try {
    const report = await Promise.race([tell(rehearsal, about, startedAt, loads), interruption.happened]);
    writeFileSync(reportFile, `${JSON.stringify(report, null, 2)}\n`);
    progress.say(printReceipt(report, process.stdout.isTTY));
    succeeded = report.problems.length === 0;
  } catch (error) {
    if (!(error instanceof InterruptedError)) logError(rehearsal.logFolder, error);
    throw error;
  } finally {
    await Promise.all(loads.map((load) => load.kill()));
    await takeDown(rehearsal, !succeeded && !interruption.aborted);
  }
  return succeeded;
}

async function takeDown(rehearsal: Rehearsal, keepLogs: boolean): Promise<void> {
  const { stage, logFolder } = rehearsal;
  if (keepLogs && stage.kind === 'real') await keepHostLogs((stage as RealStage).hosts, logFolder);
  await rehearsal.close(keepLogs);
  if (!keepLogs) return;
  console.error(`All logs of this run: ${logFolder}`);
  console.error('What a failure means, and what to do: docs/runbook.md');
}

async function tell(
  rehearsal: Rehearsal,
  { scenario, progress, interruption, hostNote }: Rehearsing,
  startedAt: Date,
  loads: HostLoads[],
): Promise<RehearsalReport> {
  const narrator = narrate(progress, interruption);
  const { stage } = rehearsal;
  const { scenario: story } = scenarioOf(scenario);
  const told = await tellScenario(rehearsal, story, narrator, (load) => void loads.push(load));
  const measures = scenario === 'main-job' && stage.kind === 'real' && told.problems.length === 0;
  if (measures) narrator.begins('A quiet push, and the floor');
  const quiet = measures ? await measureQuietPush(rehearsal, stage as RealStage) : null;
  if (quiet) narrator.ended(quiet.deployment, quiet.problems);
  return {
    host: stage.kind,
    hostNote,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    deployments: [...told.deployments, ...(quiet ? [quiet.deployment] : [])],
    floorMs: quiet?.floorMs ?? null,
    ratio: quiet?.ratio ?? null,
    problems: [...told.problems, ...(quiet?.problems ?? [])],
  };
}

function narrate(progress: Progress, interruption: Interruption): Narrator {
  return {
    begins: (title) => progress.say(`\n${title}`),
    ended({ outcome, buildVersion }, problems) {
      progress.say(`  ${buildVersion}: ${outcome}`);
      for (const problem of problems) progress.say(`  Not as it should be: ${problem}`);
    },
    aborted: () => interruption.aborted,
  };
}
