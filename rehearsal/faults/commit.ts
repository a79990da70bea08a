import { execFileSync } from 'node:child_process';

/** What a result is of: the commit, and a plus sign if files differ from it; what a run itself writes is no difference. */
export function readCommit(): string {
  const git = (...command: string[]) => execFileSync('git', command, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs/faults.md') !== '';
  return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? '+' : ''}`;
}
