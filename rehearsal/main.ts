import { parseArgs } from 'node:util';
import { InvalidConfigError } from '../contracts/config.ts';
import { missingForRealHost } from './host/can-host.ts';
import { Interruption } from './interruption.ts';
import { Progress } from './progress.ts';
import { isScenario, scenarioOf, scenarios } from './scenario/index.ts';
import { rehearse } from './rehearse.ts';

const help = `npm start [-- options]

Rehearses the product on this machine. Ends with a receipt and rehearsal-report.json.

  --scenario <name> what is rehearsed (default main-job):
${Object.entries(scenarios)
  .map(([name, { help }]) => `                      ${name.padEnd(10)} ${help}`)
  .join('\n')}
  --config <file>   the configuration to rehearse instead of the scenario's own; its first app is deployed
  --simulated       use the simulated host even where a real one is possible
  --help            this text
`;

/** What was asked for cannot be rehearsed. */
class ScenarioError extends Error {}

const interruption = new Interruption();

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: 'main-job' },
      config: { type: 'string' },
      simulated: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return true;
  }
  const { scenario } = values;
  if (!isScenario(scenario))
    throw new ScenarioError(`--scenario ${scenario}: use one of ${Object.keys(scenarios).join(', ')}`);
  const hostNote = noteHost(values.simulated);
  const { database, checkouts } = scenarioOf(scenario);
  if (hostNote && (database || checkouts))
    throw new ScenarioError(`the scenario ${scenario} needs a real host: ${hostNote}`);
  const progress = new Progress(
    (text) => interruption.aborted || process.stdout.write(text),
    process.stdout.isTTY,
  );
  if (hostNote) progress.say(`The host is SIMULATED: ${hostNote}.`);
  return rehearse({
    scenario,
    ...(values.config && { configFile: values.config }),
    hostNote,
    reportFile: 'rehearsal-report.json',
    progress,
    interruption,
  });
}

/** Why the host is simulated and what a real one needs; null for a real one. */
function noteHost(asked: boolean): string | null {
  const missing = missingForRealHost();
  const needs = missing.length > 0 ? `a real host needs ${missing.join(', ')}` : null;
  return asked ? `--simulated asks for it; ${needs ?? 'a real one is possible here, without it'}` : needs;
}

function explain(error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  if (error instanceof InvalidConfigError || error instanceof ScenarioError) return message;
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${message}\nnpm start -- --help lists the options.`;
  return `The rehearsal itself failed: ${message ?? String(error)}`;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.exitCode = 1;
  if (!interruption.aborted) console.error(explain(error));
}
// Whatever an interruption has left waiting would keep the process.
if (interruption.aborted) process.exit(interruption.exitCode);
