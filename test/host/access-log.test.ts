import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { bash } from './bash.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgepaas-access-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('access_log', () => {
  const log = join(folder, 'access.log');
  const named = `access_log::name() { LOG_FILE=${log}; LOG_FILES=(${log} ${log}.{1..4}); }; access_log::position;`;
  const line = (port: number, status: number) =>
    `1.0\t${status}\t0.1\t127.0.0.1:${port}\t${status}\t1\t::1\tGET / HTTP/1.1\n`;
  const counting = (script: string) =>
    bash(['access-log'], `${named} ${script} access_log::facts; printf %s "$REPLY"`);
  const count = (after: string, port: string) =>
    counting(`${after} access_log::open; access_log::advance ${port};`);
  const write = (file: string, ...lines: string[]) =>
    `printf '%s' ${lines.map((text) => `$'${text.replaceAll('\t', '\\t').replaceAll('\n', '\\n')}'`).join(' ')} >>${file};`;
  const rotate = `for i in 3 2 1; do [[ ! -e ${log}.$i ]] || mv ${log}.$i ${log}.$((i + 1)); done; mv ${log} ${log}.1; : >${log};`;
  const facts = (requests: number, errors: number) =>
    `"requests":${requests},"status5xx":${errors},"status499":0`;

  afterEach(() => {
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
  });

  it('counts what came after the switch, of one slot or of both', () => {
    writeFileSync(log, line(8081, 500));
    const after = write(log, line(8081, 200), line(8081, 502), line(8080, 500), line(8081, 499));
    expect(count(after, '8081')).toBe('"requests":3,"status5xx":1,"status499":1');
    expect(counting(`access_log::open; ${after} access_log::advance any;`)).toContain('"requests":4,');
  });

  it('goes on through every file that the log was rotated to', () => {
    writeFileSync(log, line(8081, 500));
    const once = write(log, line(8081, 200)) + rotate + write(log, line(8081, 503));
    expect(count(once, '8081')).toBe(facts(2, 1));
    expect(count(`${once} ${rotate} ${write(log, line(8081, 200))}`, '8081')).toBe(facts(3, 1));
  });

  it('counts rotations while it watches, and the last line that a rotated file gets', () => {
    writeFileSync(log, line(8081, 500));
    const twice = rotate + write(log, line(8081, 200)) + rotate;
    const late = write(`${log}.1`, line(8081, 503)) + write(`${log}.2`, line(8081, 503));
    expect(
      counting(`access_log::open; access_log::advance any; ${twice} access_log::advance any; ${late}
        access_log::advance any; access_log::advance any;`),
    ).toBe(facts(3, 2));
  });

  it('judges nobody by what was asked before, however late that ends, but by all that comes when the clock was set back', () => {
    writeFileSync(log, line(8081, 502));
    const judged = (...ends: number[]) => {
      const lines = ends.map(
        (end) => `printf '%s\\t502\\t2.000\\t127.0.0.1:8081\\n' "$(at ${end})" >>${log};`,
      );
      return bash(
        ['access-log'],
        `${named} at() { awk -v from="$LOG_JUDGED_FROM" -v after="$1" 'BEGIN { printf "%.3f", from + after }'; }
          access_log::open; access_log::judge_what_begins 8081; ${lines.join(' ')}
          access_log::advance 8081; printf '%s of %s, %s in all' $LOG_JUDGED_5XX $LOG_JUDGED $LOG_5XX`,
      );
    };
    expect(judged(0.1, 1, 1.9)).toBe('0 of 0, 3 in all');
    expect(judged(1.9, 2.1, 3)).toBe('2 of 2, 3 in all');
    expect(judged(-3600)).toBe('1 of 1, 1 in all');
  });

  it('counts all of a log that was not there at the switch, or is gone since', () => {
    expect(count(write(log, line(8081, 200)), '8081')).toBe(facts(1, 0));
    const lost = `mv ${log} ${log}.9; ${write(`${log}.2`, line(8081, 200))} ${write(log, line(8081, 200))}`;
    expect(count(lost, '8081')).toBe(facts(2, 0));
  });

  it('judges the release before by the requests before the switch, be they in the file before', () => {
    writeFileSync(`${log}.1`, line(8080, 503));
    writeFileSync(log, line(8080, 500) + line(8080, 200));
    const script = `${named} ${write(log, line(8081, 500))} ${rotate}
      access_log::count_before; printf '%s of %s' "$BEFORE_5XX" "$BEFORE_REQUESTS"`;
    expect(bash(['access-log'], script)).toBe('2 of 3');
  });
});

const rose = (requests: number, errors: number, before: { requests: number; errors: number }): boolean => {
  const script = `BEFORE_REQUESTS=${before.requests} BEFORE_5XX=${before.errors}
    LOG_JUDGED=${requests} LOG_JUDGED_5XX=${errors}; access_log::errors_rose && echo rose || true`;
  return bash(['access-log'], script) === 'rose\n';
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
