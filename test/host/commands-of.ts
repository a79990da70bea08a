import { spawnSync } from 'node:child_process';

const ofBash = new Set(bash('compgen -k; compgen -b').split('\n'));
const afterKeyword = /^(?:if|then|else|elif|while|until|do|!|\{|command|exec)$/;
const assignment = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;

/**
 * The programs that a bash script calls by name, without what bash does itself and the script's own functions. Good enough for
 * scripts in the style of this repository; a program that another one is told to run (as by `find -exec`) is not seen.
 */
export function commandsOf(script: string): Set<string> {
  const lines = bash(`script() {\n${script}\n}\ndeclare -f script`); // as bash has parsed it: one command a line, no comments
  const functions = new Set(
    [...lines.matchAll(/^\s*(?:function )?([\w:-]+) \(\)/gm)].map(([, name]) => name),
  );
  const words = withoutWhatIsNoCommand(lines)
    .split(/[\n;|&()]+/)
    .map(firstWord);
  return new Set(
    words.filter((word) => /^[a-z][\w.+-]*$/.test(word) && !ofBash.has(word) && !functions.has(word)),
  );
}

/** A quoted text and a condition hold no command but in `$(`, and a text in there may be quoted again. */
function withoutWhatIsNoCommand(lines: string): string {
  const calls = (text: string) =>
    [...text.matchAll(/\$\([\w-]+ ?/g)].map(([called]) => `${called}\n`).join('') || 'Q';
  return lines
    .replaceAll(/\\.|\$?'(?:\\.|[^'\\])*'|'[^']*'|"(?:\\.|[^"\\])*"/gs, calls)
    .replaceAll(/\$\{[^{}]*\}/g, 'Q')
    .replaceAll(/\[\[ .*? \]\]/gs, calls)
    .replaceAll(/^[^()\n]*\)$/gm, '') // patterns of `case`
    .replaceAll(/\(\(.*?\)\)/g, '')
    .replaceAll(/=\([^()]*\)/g, '=')
    .replaceAll(/[<>]+&?[^\s(]*/g, ' ');
}

function firstWord(command: string): string {
  const words = command.trim().split(/\s+/);
  while (words.length && (afterKeyword.test(words[0]!) || assignment.test(words[0]!))) words.shift();
  return words[0] ?? '';
}

function bash(script: string): string {
  const { status, stdout, stderr } = spawnSync('bash', { input: script, encoding: 'utf8' });
  if (status !== 0) throw new Error(`bash: ${stderr}`);
  return stdout;
}
