import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PhaseName } from '../contracts/phase-name.ts';

const repositoryRoot = join(import.meta.dirname, '..');
/** Comments on functions are for readers of the repository: a document and its parameters have 64 KB together. */
const isNoComment = (line: string) => !line.startsWith('# ') || line.startsWith('# shellcheck ');
const withoutSignature = (line: string) => line.replace(/^([a-z_]+::[a-z0-9_]+\(\) \{) # .*$/, '$1');

const sourceLine = /^source (host\/lib\/[a-z-]+\.sh)$/;

/** No phase uses all of a library, and parameters get their names from the contract: see host/.shellcheckrc. */
const directive = '# shellcheck disable=SC2034,SC2153,SC2317';

/** The phase's script with every library it sources written into it, once: SSM sends one text to a host that has no other files. */
export function composeScript(phase: PhaseName): string {
  const [shebang, ...lines] = inline(`host/phases/${phase}.sh`, new Set());
  return [shebang, directive, ...lines, ''].join('\n');
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
