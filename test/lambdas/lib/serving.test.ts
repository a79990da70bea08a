import { describe, expect, test } from 'vitest';
import { describeServing, servingOf } from '../../../lambdas/lib/serving.ts';
import type { PhaseRun } from '../../../lambdas/lib/ledger.ts';
import type { Receipt } from '../../../contracts/receipt.ts';
import { digestOf, doneLine, failedLine, samplePlan, sampleRun } from '../support/samples.ts';

const [before, after] = [digestOf('b'), digestOf('a')];
const known = [{ buildVersion: '0.9.0', digest: before }];

type Said = Record<string, object | 'failed'>;

/** A phase that was sent to a wave, and what its hosts said. */
function sent(phase: PhaseRun['phase'], wave: number, said: Said): PhaseRun {
  const run = sampleRun({ phase, wave });
  const lines = Object.entries(said).map(([host, facts]) => {
    const line =
      facts === 'failed' ? failedLine(run, 'revert-failed') : doneLine(run, facts as Record<string, unknown>);
    return [host, JSON.parse(line) as Receipt] as const;
  });
  return { ...run, receipts: Object.fromEntries(lines) };
}

const plan = samplePlan({ waves: [['i-1', 'i-2'], ['i-3']] });
const inspected = [
  sent('inspect', 0, { 'i-1': { liveDigest: before }, 'i-2': { liveDigest: before } }),
  sent('inspect', 1, { 'i-3': { liveDigest: before } }),
];
const serving = (...runs: PhaseRun[]) => servingOf(plan, [...inspected, ...runs], false, known);
const [old, fresh] = [`0.9.0@${before}`, `1.0.0@${after}`];

describe('what runs where', () => {
  test('is what was there, on hosts to which no traffic was sent', () => {
    expect(serving()).toEqual({ [old]: ['i-1', 'i-2', 'i-3'] });
  });

  test('is the release, on hosts that it went live on', () => {
    expect(servingOf(plan, inspected, true, known)).toEqual({ [fresh]: ['i-1', 'i-2', 'i-3'] });
  });

  test('is what each host said on the way back; of those that said nothing it is unknown', () => {
    const moved = sent('switch-traffic', 0, { 'i-1': {}, 'i-2': {} });
    const back = sent('revert', 0, { 'i-1': { liveDigest: before } });
    expect(serving(moved, back)).toEqual({ [old]: ['i-1', 'i-3'], unknown: ['i-2'] });
  });

  test('is the release on a host that could not go back, and says so', () => {
    const moved = sent('switch-traffic', 0, { 'i-1': {}, 'i-2': {} });
    const back = sent('revert', 0, { 'i-1': { liveDigest: '' }, 'i-2': 'failed' });
    const said = back.receipts!['i-2']!;
    const stuck = {
      ...back,
      receipts: { ...back.receipts, 'i-2': { ...said, liveDigest: after } as Receipt },
    };
    expect(serving(moved, stuck)).toEqual({ nothing: ['i-1'], [fresh]: ['i-2'], [old]: ['i-3'] });
    expect(serving(moved, back)).toMatchObject({ unknown: ['i-2'] });
  });

  test('is what was there where the way back failed and traffic had never moved', () => {
    expect(serving(sent('revert', 0, { 'i-1': 'failed' }))).toEqual({
      [old]: ['i-1', 'i-3'],
      unknown: ['i-2'],
    });
  });

  test('is unknown of hosts that were left out', () => {
    expect(servingOf({ ...plan, leftOut: ['i-4'] }, [], true, [])).toMatchObject({ unknown: ['i-4'] });
  });

  test('is a sentence for a person, and small for a thousand hosts', () => {
    const hosts = Array.from({ length: 1000 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
    const all = servingOf({ ...plan, waves: [hosts] }, [], true, []);
    expect(JSON.stringify(all).length).toBeLessThan(25_000);
    expect(describeServing(all)).toMatch(/^1\.0\.0 \(sha256:a{12}\) is on i-0+, .* and 988 more$/);
    expect(describeServing({ nothing: ['i-1'], unknown: ['i-2'], [before]: ['i-3'] })).toBe(
      `no release is on i-1; i-2 did not say what is served; a release (sha256:${'b'.repeat(12)}) is on i-3`,
    );
  });
});
