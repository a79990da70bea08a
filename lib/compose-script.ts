import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PhaseName } from '../contracts/phase-name.ts';

const repositoryRoot = join(import.meta.dirname, '..');
const sourceLine = /^source (host\/lib\/[a-z-]+\.sh)$/;

/** The phase's script with every library it sources written into it, once: SSM sends one text to a host that has no other files. */
export function composeScript(phase: PhaseName): string {
  return inline(`host/phases/${phase}.sh`, new Set()).join('\n') + '\n';
}

function inline(path: string, included: Set<string>): string[] {
  const lines = readFileSync(join(repositoryRoot, path), 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const library = sourceLine.exec(line)?.[1];
    if (!library) return [line];
    if (included.has(library)) return [];
    included.add(library);
    return inline(library, included);
  });
}
