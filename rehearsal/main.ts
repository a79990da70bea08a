import { parseArgs } from 'node:util';
import { InvalidConfigError } from '../contracts/config.ts';
import { missingForRealHost } from './host/can-host.ts';
import { Interruption } from './interruption.ts';
import { Progress } from './progress.ts';
import { defaultConfig } from './rehearsal.ts';
import { rehearse } from './rehearse.ts';

const help = `npm start [-- options]

Rehearses the main job on this machine: a push to a bare host, a push under load, a release that never becomes
healthy, a manual deployment, a release that dies after the switch. Ends with a receipt and rehearsal-report.json.

  --config <file>   the configuration to rehearse (default ${defaultConfig}); its first app is deployed
  --simulated       use the simulated host even where a real one is possible
  --help            this text
`;

const interruption = new Interruption();

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string', default: defaultConfig },
      simulated: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return true;
  }
  const hostNote = noteHost(values.simulated);
  const progress = new Progress(
    (text) => interruption.aborted || process.stdout.write(text),
    process.stdout.isTTY,
  );
  if (hostNote) progress.say(`The host is SIMULATED: ${hostNote}.`);
  return rehearse({
    configFile: values.config,
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
  if (error instanceof InvalidConfigError) return message;
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
