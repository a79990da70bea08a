import { parseArgs } from 'node:util';
import type { Part } from './part.ts';

export interface Options {
  readonly seed: number;
  readonly parts: readonly Part[];
  /** Names of cases to run; `*` stands for any text, a comma parts several. */
  readonly pattern: string;
  /** So many cases, drawn by the seed. */
  readonly slice?: number;
  readonly fresh: boolean;
  /** Only cases whose last result has problems, of whatever commit. */
  readonly failedOnly: boolean;
}

/** What was asked for is no run of faults. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

export const helpText = (parts: readonly Part[]) => `npm run faults [-- options]

Tries each fault on purpose and counts what it does. A run that was interrupted goes on where it was. Once every case has a
result, the record is written to docs/faults.md; until then to .cache/faults/faults.md.

  --seed <n>            draws cases and moments (default 1)
  --only <part>[,part]  only these parts:
${parts.map(({ name, help }) => `                          ${name.padEnd(12)} ${help}`).join('\n')}
  --case <glob>[,glob]  only cases of such a name, such as 'kill-script in *'
  --slice <n>           n cases, drawn by the seed
  --again failed        only cases whose last result has problems
  --fresh               also cases that this commit has done with this seed
  --help                this text
`;

export function parseOptions(args: readonly string[], parts: readonly Part[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      case: { type: 'string', default: '*' },
      slice: { type: 'string' },
      again: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.again !== undefined && values.again !== 'failed')
    throw new OptionError(`--again ${values.again}: use --again failed`);
  return {
    seed: readNumber('seed', values.seed),
    parts: chooseParts(values.only, parts),
    pattern: values.case,
    ...(values.slice && { slice: readNumber('slice', values.slice, 1) }),
    fresh: values.fresh,
    failedOnly: values.again === 'failed',
  };
}

function readNumber(name: string, text: string, least = 0): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least)
    throw new OptionError(`--${name} ${text}: a whole number from ${least} on is expected`);
  return Number(text);
}

function chooseParts(only: string | undefined, parts: readonly Part[]): readonly Part[] {
  if (!only) return parts;
  return only.split(',').map((name) => {
    const part = parts.find((one) => one.name === name);
    if (!part) throw new OptionError(`--only ${name}: use ${parts.map((one) => one.name).join(', ')}`);
    return part;
  });
}
