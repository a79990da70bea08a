import { describe, expect, test } from 'vitest';
import { collectFacts } from '../../../lambdas/lib/deployment-facts.ts';
import type { PhaseName } from '../../../contracts/phase-name.ts';
import type { Receipt } from '../../../contracts/receipt.ts';
import { sampleFacts, sampleRun } from '../support/samples.ts';

type Facts = Record<string, unknown>;

/** A finished phase, with facts beside the sample's for each host. */
function done(phase: PhaseName, ...hosts: Facts[]) {
  const receipts = hosts.map((facts, index): [string, Receipt] => [
    `i-${index}`,
    {
      phase,
      deploymentId: 'web-1',
      fence: 1,
      ms: 1,
      result: 'done',
      facts: { ...sampleFacts[phase], ...facts },
    },
  ]);
  return sampleRun({ phase, receipts: Object.fromEntries(receipts) });
}

describe('what the history says of environment and database', () => {
  test('is nothing before any host has said a thing', () => {
    expect(collectFacts([sampleRun({ phase: 'resolve-env' })])).toEqual({ warnings: [] });
  });

  test('is what the first host said', () => {
    const facts = collectFacts([
      done('resolve-env', { parameters: 5 }, { parameters: 5 }),
      done('run-migrations', {}),
    ]);
    expect(facts.environment).toMatchObject({ parameters: 5 });
    expect(facts.migration).toMatchObject({ from: 'r1', to: 'r2' });
    expect(facts.warnings).toEqual([]);
  });

  test('names parameters that no declaration names, once', () => {
    const { warnings } = collectFacts([
      done('resolve-env', { undeclared: ['X', 'Y'] }, { undeclared: ['X'] }),
    ]);
    expect(warnings).toEqual(['parameters that are not declared did not reach the app: X, Y']);
  });

  test('says that hosts have different versions of a parameter', () => {
    const { warnings } = collectFacts([done('resolve-env', { versions: { A: 1 } }, { versions: { A: 2 } })]);
    expect(warnings).toEqual([expect.stringContaining('a parameter changed while hosts read it')]);
  });

  test('says that Postgres was out of reach, and which data stays where', () => {
    const { warnings } = collectFacts([
      done('resolve-database', { note: 'data in Postgres is not in the SQLite file' }),
    ]);
    expect(warnings).toEqual([
      'try_postgres became sqlite_only: no answer',
      'data in Postgres is not in the SQLite file',
    ]);
  });

  test('says that the release is older than the schema', () => {
    const { warnings } = collectFacts([
      done('run-migrations', { skipped: 'older-release', from: 'r9', to: 'r9' }),
    ]);
    expect(warnings).toEqual([
      expect.stringContaining('the database is at r9, which is newer than this release'),
    ]);
  });

  test('counts what a migration broke', () => {
    const broke = { live: 'broken-by-migration', requests: 40, status5xx: 12 };
    expect(collectFacts([done('run-migrations', broke)]).warnings).toEqual([
      'the migration to r2 broke the release before: 12 of 40 requests ended in 5xx',
    ]);
  });

  test.each(['switch-traffic', 'revert'] as const)(
    'counts until %s, which relieves the broken release',
    (phase) => {
      const broke = done('run-migrations', { live: 'broken-by-migration', requests: 40, status5xx: 12 });
      const sinceMigration = { requests: 90, status5xx: 62, status499: 1 };
      const facts = collectFacts([broke, done(phase, { sinceMigration })]);
      expect(facts.migration).toMatchObject(sinceMigration);
      expect(facts.warnings).toEqual([expect.stringContaining('62 of 90 requests')]);
    },
  );
});
