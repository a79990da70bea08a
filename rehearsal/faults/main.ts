import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Interruption } from '../interruption.ts';
import { askedCases, dueCases, type Chosen } from './choose-cases.ts';
import { readCommit } from './commit.ts';
import { describeFaults } from './describe-faults.ts';
import { helpText, OptionError, parseOptions, type Options } from './options.ts';
import { parts } from './parts.ts';
import { keyOf, Results } from './results.ts';

const resultsFile = '.cache/faults/results.jsonl';
/** The record that is kept, which only a whole one may replace. */
const docsFile = 'docs/faults.md';
const partFile = '.cache/faults/faults.md';

const interruption = new Interruption();
const say = (text: string) => void (interruption.aborted || process.stdout.write(`${text}\n`));

/** Whether everything that was asked for went as it should. */
async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2), parts);
  if (options === 'help') {
    process.stdout.write(helpText(parts));
    return true;
  }
  const results = new Results(resultsFile);
  const commit = readCommit();
  const asked = askedCases(options, results.latest(options.seed));
  for (const chosen of dueCases(asked, options, results, commit)) {
    if (interruption.aborted) break;
    if (chosen.cases.length > 0) await runPart(chosen, options, results, commit);
  }
  const latest = results.latest(options.seed);
  const isWhole = parts.every(({ name, cases }) =>
    cases(options.seed).every((one) => latest.has(keyOf(name, one))),
  );
  const file = isWhole ? docsFile : partFile;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, describeFaults([...latest.values()], parts, options.seed));
  return tell(asked, latest, file);
}

async function runPart(
  { part, cases }: Chosen,
  { seed }: Options,
  results: Results,
  commit: string,
): Promise<void> {
  say(`${part.name}: ${cases.length} cases, seed ${seed}, commit ${commit}`);
  let told = 0;
  await part.run(cases, {
    seed,
    signal: interruption.signal,
    say: (text) => say(`  ${text}`),
    tell(result) {
      told += 1;
      results.add({ ...result, part: part.name, seed, commit, when: new Date().toISOString() });
      const figures = Object.entries(result.figures).map(([name, value]) => `${name} ${value}`);
      say(`${String(told).padStart(4)}/${cases.length}  ${result.name}: ${figures.join(', ')}`);
      for (const problem of result.problems) say(`      PROBLEM ${problem}`);
    },
  });
}

function tell(asked: readonly Chosen[], latest: ReturnType<Results['latest']>, file: string): boolean {
  const keys = asked.flatMap(({ part, cases }) => cases.map((name) => keyOf(part.name, name)));
  const found = keys.flatMap((key) => latest.get(key) ?? []);
  const failed = found.filter(({ problems }) => problems.length > 0);
  say(`${found.length} of ${keys.length} cases were run, ${failed.length} have problems; see ${file}`);
  for (const { part, name } of failed) say(`  ${keyOf(part, name)}`);
  return failed.length === 0 && found.length === keys.length;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.exitCode = 1;
  const { message, stack, code } = error as Error & { code?: string };
  const isOption = error instanceof OptionError || code?.startsWith('ERR_PARSE_ARGS');
  if (!interruption.aborted)
    console.error(isOption ? `${message}\nnpm run faults -- --help lists the options.` : stack);
}
// Whatever an interruption has left waiting would keep the process.
if (interruption.aborted) process.exit(interruption.exitCode);
