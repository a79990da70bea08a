import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { InvalidConfigError } from '../contracts/config.ts';
import { missingForRealHost } from './host/can-host.ts';
import type { Load } from './load/start-load.ts';
import { Progress } from './progress.ts';
import { defaultConfig, Rehearsal } from './rehearsal.ts';
import { printReceipt } from './report/print-receipt.ts';
import type { RehearsalReport } from './report/report.ts';
import { tellMainJob } from './scenario/main-job.ts';
import { measureQuietPush } from './scenario/quiet-push.ts';
import { createRealStage, type RealStage } from './stage/real-stage.ts';
import { createSimulatedStage } from './stage/simulated-stage.ts';

const help = `npm start [-- options]

Rehearses the main job on this machine: a push to a bare host, a push under load, a release that never becomes
healthy, a manual deployment, a release that dies after the switch. Ends with a receipt and rehearsal-report.json.

  --config <file>   the configuration to rehearse (default ${defaultConfig}); its first app is deployed
  --simulated       use the simulated host even where a real one is possible
  --help            this text
`;

const reportFile = 'rehearsal-report.json';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string', default: defaultConfig },
      simulated: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const missing = values.simulated ? ['a run without --simulated'] : missingForRealHost();
  await rehearse(values.config, missing.length > 0 ? `a real host needs ${missing.join(', ')}` : null);
}

async function rehearse(configFile: string, hostNote: string | null): Promise<void> {
  const startedAt = new Date();
  const progress = new Progress((line) => console.log(line));
  const interruption = new Interruption();
  if (hostNote) progress.say(`The host is SIMULATED: ${hostNote}.`);
  let failed = true;
  const rehearsal = await Rehearsal.start({
    configFile,
    makeStage: (tags) =>
      hostNote ? createSimulatedStage({ tags }) : createRealStage({ tags, progress: progress.say }),
    onHistory: progress.note,
  });
  interruption.onAbort(() => rehearsal.deployer.states.close());
  try {
    const report = await tell(rehearsal, progress, interruption, startedAt, hostNote);
    if (interruption.aborted) return;
    writeFileSync(reportFile, `${JSON.stringify(report, null, 2)}\n`);
    console.log(printReceipt(report, process.stdout.isTTY));
    failed = report.problems.length > 0;
    process.exitCode = failed ? 1 : 0;
  } finally {
    await interruption.killLoads();
    if (!interruption.aborted && failed) await keepHostLogs(rehearsal);
    await rehearsal.close(failed && !interruption.aborted);
    if (failed && !interruption.aborted) console.error(`All logs of this run: ${rehearsal.logFolder}`);
  }
}

async function tell(
  rehearsal: Rehearsal,
  progress: Progress,
  interruption: Interruption,
  startedAt: Date,
  hostNote: string | null,
): Promise<RehearsalReport> {
  const narrator = {
    begins: (title: string) => progress.say(`\n${title}`),
    ended: ({ outcome, buildVersion }: { outcome: string; buildVersion: string }) =>
      progress.say(`  ${buildVersion}: ${outcome}`),
    aborted: () => interruption.aborted,
  };
  const told = await tellMainJob(rehearsal, narrator, (load) => interruption.watch(load));
  const { stage } = rehearsal;
  const measure = stage.kind === 'real' && !interruption.aborted;
  if (measure) narrator.begins('A quiet push, and the floor');
  const quiet = measure ? await measureQuietPush(rehearsal, stage as RealStage) : null;
  return {
    host: stage.kind,
    hostNote,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    deployments: [...told.deployments, ...(quiet ? [quiet.deployment] : [])],
    floorMs: quiet?.floorMs ?? null,
    ratio: quiet?.ratio ?? null,
    problems: told.problems,
  };
}

/** What a person needs to see why a host did what it did. */
async function keepHostLogs({ stage, logFolder }: Rehearsal): Promise<void> {
  if (stage.kind !== 'real') return;
  const journal = await (stage as RealStage).host.exec(['journalctl', '--no-pager', '--boot']).catch(String);
  writeFileSync(`${logFolder}/host-journal.log`, journal);
  const nginx = await (stage as RealStage).host
    .exec(['sh', '-c', 'tail -n 2000 /var/log/nginx/*.log'])
    .catch(String);
  writeFileSync(`${logFolder}/host-nginx.log`, nginx);
}

/** Ctrl-C ends what runs and lets the clean-up happen; a second one is left to the remover of the host. */
class Interruption {
  aborted = false;
  readonly #loads: Load[] = [];
  #abort: () => unknown = () => {};

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.#interrupt(signal));
  }

  onAbort(abort: () => unknown): void {
    this.#abort = abort;
    if (this.aborted) void abort();
  }

  watch = (load: Load) => void this.#loads.push(load);

  killLoads = () => Promise.all(this.#loads.map((load) => load.kill()));

  #interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
    this.aborted = true;
    process.exitCode = signal === 'SIGINT' ? 130 : 143;
    console.error('\nInterrupted: cleaning up...');
    void this.#abort();
  }
}

try {
  await main();
} catch (error) {
  const readable =
    error instanceof InvalidConfigError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(readable ? (error as Error).message : error);
  process.exitCode ||= 1;
}
