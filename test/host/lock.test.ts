import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('repeats the verdict that the first has given, though another phase comes to work at that moment', () => {
  const verdict = '{"result":"failed"}';
  const script = `set -euo pipefail; source host/lib/lock.sh
    reads=0
    lock::read_twin() { reads=$((reads + 1)); LEFT='${verdict}'; ((reads == 1)); }
    lock::note() { echo 'goes on without the lock'; }
    phase::say() { :; }
    flock() { return 1; }
    lock::take 9 1 'another phase' /run/nobody`;
  const { status, stdout } = spawnSync('bash', ['-c', `{ ${script}\n} 3>&1`], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: `${verdict}\n` });
});
