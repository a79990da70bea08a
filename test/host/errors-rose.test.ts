import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const rose = (requests: number, errors: number, before: { requests: number; errors: number }): boolean => {
  const script = `set -euo pipefail; source host/lib/access-log.sh
    BEFORE_REQUESTS=${before.requests} BEFORE_5XX=${before.errors}
    LOG_JUDGED=${requests} LOG_JUDGED_5XX=${errors}; access_log::errors_rose`;
  return spawnSync('bash', ['-c', script]).status === 0;
};

it.each([
  ['two errors are none', 2, 2, { requests: 0, errors: 0 }, false],
  ['three of a few, where there was none', 10, 3, { requests: 1000, errors: 0 }, true],
  ['less than five points more', 100, 5, { requests: 1000, errors: 0 }, false],
  ['more than five points', 100, 6, { requests: 1000, errors: 0 }, true],
  [
    'twice as many of one that answers 503 as a matter of course',
    100,
    40,
    { requests: 100, errors: 20 },
    false,
  ],
  ['more than twice, and five points', 100, 46, { requests: 100, errors: 20 }, true],
  ['nothing known of before', 20, 20, { requests: 0, errors: 0 }, true],
])('the share of errors rose: %s', (_, requests, errors, before, expected) => {
  expect(rose(requests, errors, before)).toBe(expected);
});
