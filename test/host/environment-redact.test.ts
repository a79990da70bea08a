import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HostileValues, isRepresentable, seed } from './hostile-values.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgepaas-redact-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'web-1.env');
const script = `set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C; source host/lib/redact.sh
  env::file() { ENV_FILE=${file}; }; redact::text "$(cat)"; printf %s "$REPLY"`;

/** What is told of an app's words, with these lines in its env file. */
function redact(lines: readonly string[], said: string): string {
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  const run = spawnSync('bash', ['-c', script], { input: said });
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr}`);
  return run.stdout.toString();
}

describe('redact::text', () => {
  it('leaves what is no secret', () => {
    const lines = [
      'BUILD_VERSION=2026.1',
      'CONTAINER_PORT=8000',
      'EDGEPAAS_SLOT=green',
      'EDGEPAAS_SLOT_PORT=8081',
      'FINAL_DB_MODE=postgres_only',
      'FINAL_DB_MODE_REASON=Postgres answers',
      'DATABASE_URL_SQLITE=sqlite:////data/sqlite/app.db',
      'RUN_MIGRATIONS=false',
      'ENV=production',
      'USE_SQLITE=true',
      'DEBUG=true',
      'SHORT=abc',
      'EMPTY=',
    ];
    const said = lines.join('\n').replaceAll('=', ' is ');
    expect(redact(lines, said)).toBe(said);
  });

  it('knows a password of a URL by itself, as it is written and as it is meant', () => {
    const lines = ['DATABASE_URL=postgresql://me:hunt%40er%2F2@db/shop?sslmode=require'];
    expect(redact(lines, 'URL postgresql://me:hunt%40er%2F2@db/shop?sslmode=require')).toBe('URL ***');
    expect(redact(lines, 'for me:hunt%40er%2F2@db')).toBe('for me:***@db');
    expect(redact(lines, 'password "hunt@er/2" failed')).toBe('password "***" failed');
  });

  it('leaves no rest of a secret of which another is a part', () => {
    expect(redact(['A=secret', 'B=secret-and-more', 'C=more-secret'], 'secret-and-more-secret')).toBe(
      '***-***',
    );
  });

  it('knows a secret in quotes, as JSON and tracebacks have it', () => {
    const lines = ['TOKEN=a"b\\c$d*[e]'];
    const value = 'a"b\\c$d*[e]';
    expect(redact(lines, `${value} {"token":${JSON.stringify(value)}}`)).toBe('*** {"token":"***"}');
  });

  it('drops the line that was cut, which may begin within a secret', () => {
    const secret = 'x'.repeat(3000);
    const end = `${'x'.repeat(2500)} it said\n${'y'.repeat(1480)}\nlast words`;
    expect(redact([`A=${secret}`], end.slice(-4000))).toBe(`${'y'.repeat(1480)}\nlast words`);
    expect(redact([`A=${'x'.repeat(9000)}`], 'x'.repeat(4000))).toBe('(a line too long to tell)');
    expect(redact([`A=${'x'.repeat(9000)}`], `\n${'x'.repeat(3999)}`)).toBe('(a line too long to tell)');
  });

  it(`finds hostile values as well (SEED=${seed})`, () => {
    const source = new HostileValues(seed);
    const values = Array.from({ length: 200 }, () => source.value()).filter(
      (value) => isRepresentable(value) && Buffer.byteLength(value) >= 12 && value.length < 600,
    );
    expect(values.length).toBeGreaterThan(50);
    const lines = values.map((value, index) => `A${index}=${value}`);
    for (let from = 0; from < values.length; from += 5) {
      const some = values.slice(from, from + 5);
      const said = redact(lines, `first\n${some.map((value) => `<<${value}>>`).join('\n')}\nlast`);
      for (const value of some) expect(said).not.toContain(value);
      expect(said).toMatch(/^first\n[^]*\nlast$/);
    }
  });
});
