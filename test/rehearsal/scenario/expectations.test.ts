import { expect, test } from 'vitest';
import { expectations, type Expectation } from '../../../rehearsal/scenario/expectations.ts';
import { deploymentWith, hostWith } from '../report/sample-report.ts';

const lost = (name: string) => hostWith({ instanceId: 'i-2', load: { ...hostWith().load!, [name]: 1 } });
const healthy: Expectation = { outcome: 'Succeeded', serving: 'v2', nothingLost: true };

test('nothing is said of what went as it should', () => {
  expect(expectations(deploymentWith(), healthy)).toEqual([]);
});

test('another outcome is told with its failure and cause', () => {
  const deployment = deploymentWith({ outcome: 'Failed', failureId: 'disk-full', cause: 'no room' });
  expect(expectations(deployment, healthy)[0]).toMatch(
    /ended Failed instead of Succeeded \(disk-full: no room\)/,
  );
});

test('a right outcome by a wrong failure is a problem', () => {
  const deployment = deploymentWith({ outcome: 'Failed', failureId: 'disk-full' });
  const expected: Expectation = { outcome: 'Failed', failureId: 'health-check-failed', serving: 'v2' };
  expect(expectations(deployment, expected)).toEqual([
    expect.stringMatching(/disk-full instead of health-check-failed/),
  ]);
});

test('port 80 must answer with the release that should serve', () => {
  expect(expectations(deploymentWith({ servingAfterwards: 'v1' }), healthy)).toEqual([
    expect.stringMatching(/answers v1 instead of v2/),
  ]);
});

test.each(['failed', 'resets', 'truncatedStreams', 'webSocketsWithoutCloseFrame'] as const)(
  'one of %s is one too many, but where a release may lose some',
  (name) => {
    const deployment = deploymentWith({ hosts: [hostWith(), lost(name)] });
    expect(expectations(deployment, healthy)).toEqual([expect.stringMatching(`1 ${name} of .* on i-2$`)]);
    expect(expectations(deployment, { ...healthy, exceptOn: [1] })).toEqual([]);
    expect(expectations(deployment, { ...healthy, exceptOn: [0] })).toHaveLength(1);
    expect(expectations(deployment, { outcome: 'Succeeded', serving: 'v2' })).toEqual([]);
  },
);
