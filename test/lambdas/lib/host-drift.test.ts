import { describe, expect, test } from 'vitest';
import { findDrift } from '../../../lambdas/lib/host-drift.ts';
import { findContradiction } from '../../../lambdas/lib/history-drift.ts';
import type { HistoryEntry } from '../../../lambdas/lib/release-history.ts';
import type { Outcome } from '../../../contracts/outcome.ts';
import { digestOf, sampleFacts } from '../support/samples.ts';

const host = 'i-0aaaaaaaa';
const current = { buildVersion: '2.0.0', digest: digestOf('b'), deploymentId: 'web-7' };
const right = { ...sampleFacts.inspect, liveDigest: digestOf('b'), liveDeployment: 'web-7' };

const driftOf = (facts: Record<string, unknown>) => {
  const receipt = { phase: 'inspect', deploymentId: 'web-7', fence: 9, ms: 1, result: 'done' } as const;
  const receipts = { [host]: { ...receipt, facts: { ...right, ...facts } } };
  return findDrift(host, { verdict: 'success', output: {}, receipts }, current);
};
const ids = (facts: Record<string, unknown>) => driftOf(facts).map(({ finding }) => finding);

describe('a host', () => {
  test.each([
    ['the current release', {}],
    ['it by a catch-up', { liveDeployment: 'web-9' }],
  ])('that serves %s is as it should be', (_, facts) => {
    expect(ids(facts)).toEqual([]);
  });

  test.each([
    ['another release', { liveDigest: digestOf('a') }],
    [
      'no release',
      { liveSlot: 'none', liveDigest: '', liveDeployment: '', liveRunning: false, serving: 'none' },
    ],
    ['the same release by an older deployment, with its environment', { liveDeployment: 'web-6' }],
  ])('with %s is behind, and nothing else', (_, facts) => {
    expect(ids(facts)).toEqual(['host-behind']);
  });

  test.each([
    ['does not run', { liveRunning: false, serving: 'unknown', servingStatus: 502 }],
    ['is not what Nginx sends traffic to', { serving: 'green' }],
    ['is not reached', { serving: 'none', servingStatus: 503 }],
    ['is not healthy', { servingStatus: 500 }],
  ])('whose container %s does not serve', (_, facts) => {
    expect(ids(facts)).toEqual(['host-not-serving']);
  });

  test('may have several things wrong, each of which is named', () => {
    const facts = { liveDigest: digestOf('a'), idleRunning: true, nginxConfigValid: false };
    expect(ids(facts)).toEqual(['host-behind', 'stray-candidate', 'nginx-would-not-start']);
    expect(driftOf(facts)[0]).toEqual({
      finding: 'host-behind',
      host,
      says: 'sha256:aaaaaaaaaaaa by web-7 is live, and 2.0.0 (sha256:bbbbbbbbbbbb) by web-7 is current',
    });
  });

  test('that fails to look at itself is unreadable, and says why', () => {
    const cause = `inspect on 1 of 1 hosts: ${host}: disk-full: 12 MiB free`;
    const failed = { verdict: 'failure', failure: 'disk-full', cause, receipts: {} } as const;
    expect(findDrift(host, failed, current)).toEqual([
      { finding: 'host-unreadable', host, says: 'disk-full: 12 MiB free' },
    ]);
  });
});

describe('the history', () => {
  const last = (outcome: Outcome | 'Running', deploymentId = 'web-7', digest = current.digest) =>
    ({ deploymentId, outcome, closed: { digest } }) as HistoryEntry;

  test.each([
    ['nothing', undefined],
    ['Succeeded', last('Succeeded')],
    ['a catch-up of the current release', last('Succeeded', 'web-8')],
    ['a later Failed', last('Failed', 'web-8', digestOf('c'))],
    ['a later RolledBack', last('RolledBack', 'web-8', digestOf('c'))],
    ['a later Inconsistent', last('Inconsistent', 'web-8', digestOf('c'))],
  ])('that ends with %s agrees', (_, entry) => {
    expect(findContradiction(entry, current)).toBeUndefined();
  });

  test.each([
    ['Succeeded with another release', last('Succeeded', 'web-8', digestOf('c'))],
    ['RolledBack of the current release', last('RolledBack')],
    ['Failed of the current release', last('Failed')],
    ['Running, which nobody does', last('Running', 'web-8')],
  ])('that ends with %s contradicts the current release', (_, entry) => {
    expect(findContradiction(entry, current)).toMatchObject({ finding: 'history-contradicts' });
  });

  test('that ends with Succeeded contradicts a ledger without a current release', () => {
    expect(findContradiction(last('Succeeded'), { fence: 8 })?.says).toMatch(/undefined/);
  });
});
