import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PhaseName } from '../contracts/phase-name.ts';

const repositoryRoot = join(import.meta.dirname, '..');
/** Comments on functions are for readers of the repository: a document and its parameters have 64 KB together. */
const isNoComment = (line: string) => !line.startsWith('# ') || line.startsWith('# shellcheck ');
const withoutSignature = (line: string) => line.replace(/^([a-z_]+::[a-z0-9_]+\(\) \{) # .*$/, '$1');

const sourceLine = /^source (host\/lib\/[a-z-]+\.sh)$/;

/** No phase uses every variable of a library, and parameters get their names from the contract: see host/.shellcheckrc. */
const directive = '# shellcheck disable=SC2034,SC2153,SC2317';

/**
 * The phase's script with what it uses of the libraries it sources written into it, once: SSM sends one text to a host that has no
 * other files.
 */
export function composeScript(phase: PhaseName): string {
  const [shebang, ...lines] = inline(`host/phases/${phase}.sh`, new Set());
  return [shebang, directive, ...withoutUnused(lines), ''].join('\n');
}

const definition = /^([a-z_]+::[a-z0-9_]+)\(\) \{$/;
const namesIn = (line: string) => line.match(/[a-z_]+::[a-z0-9_]+/g) ?? [];

/** Functions are called by their full names, also by traps and by other functions that are told which: what nothing names, nothing calls. */
function withoutUnused(lines: readonly string[]): string[] {
  const owners: (string | undefined)[] = [];
  const namedBy = new Map<string | undefined, string[]>();
  let owner: string | undefined;
  for (const line of lines) {
    owner ??= definition.exec(line)?.[1];
    owners.push(owner);
    namedBy.set(owner, [...(namedBy.get(owner) ?? []), ...namesIn(line)]);
    if (line === '}') owner = undefined;
  }
  const used = new Set<string | undefined>([undefined]);
  for (const name of used) for (const named of namedBy.get(name) ?? []) used.add(named);
  return lines.filter((_, index) => used.has(owners[index]));
}

function inline(path: string, included: Set<string>): string[] {
  const text = readFileSync(join(repositoryRoot, path), 'utf8').trimEnd();
  const lines = text.split('\n').filter(isNoComment).map(withoutSignature);
  return lines.flatMap((line) => {
    const library = sourceLine.exec(line)?.[1];
    if (!library) return [line];
    if (included.has(library)) return [];
    included.add(library);
    return inline(library, included);
  });
}
