import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { printReceipt } from '../../../rehearsal/report/print-receipt.ts';
import type { HostReport } from '../../../rehearsal/report/report.ts';
import { deploymentWith, hostWith, reportWith } from './sample-report.ts';

const failed = deploymentWith({
  title: 'A release that never becomes healthy, under load',
  outcome: 'Failed',
  failureId: 'health-check-failed',
  cause: `Failed: start-candidate on 1 of 1 hosts: i-0ed9e000000000001: ${'not healthy yet, '.repeat(9)}`,
  phases: [{ phase: 'start-candidate', ms: 6800, result: 'failed' }],
  pushToLiveMs: null,
});
const simulated = {
  host: 'simulated',
  hostNote: 'a real host needs root',
  floorMs: null,
  ratio: null,
} as const;

describe('The receipt', () => {
  it.each([true, false])('fits into 80 columns (colours: %s)', (colours) => {
    const reports = [
      reportWith({ deployments: [deploymentWith(), failed] }),
      reportWith({ ...simulated, problems: [`web: ${'something was not as it should be '.repeat(4)}`] }),
    ];
    const lines = reports.flatMap((report) => printReceipt(report, colours).split('\n'));
    const widest = Math.max(...lines.map((line) => stripVTControlCharacters(line).length));
    expect(widest).toBeLessThanOrEqual(80);
  });

  it('has colours on a terminal alone', () => {
    expect(printReceipt(reportWith(), false)).not.toContain('\u001b');
    expect(printReceipt(reportWith(), true)).toContain('\u001b[32m');
  });

  it('never parts a figure from its unit', () => {
    expect(printReceipt(reportWith(), false)).not.toMatch(/\d\n *m?s\b/);
    expect(printReceipt(reportWith(), false)).toContain('p99 1.1 s');
  });

  it('says of each deployment what became of it', () => {
    const text = printReceipt(reportWith({ deployments: [failed] }), false);
    expect(text).toMatch(/under load +Failed\n {2}v2 {2}sha256:1a1a/);
    expect(text).toContain('health-check-failed: Failed: start-candidate');
    expect(text).toContain('never live; 7 commands, 21 state transitions');
    expect(text).toMatch(/start-candidate +6\.8 s✗/);
  });

  it('shows in red what clients lost', () => {
    const load = { ...deploymentWith().load!, resets: 3 };
    const text = printReceipt(reportWith({ deployments: [deploymentWith({ load })] }), true);
    const line = text.split('\n').find((each) => each.includes('3 resets'));
    expect(line?.startsWith('\u001b[31m  clients: ')).toBe(true);
  });

  it('names the one host of several that lost something', () => {
    const deployment = deploymentWith();
    const sick = hostWith({ instanceId: 'i-0ed9e000000000003', load: { ...deployment.load!, failed: 2 } });
    const text = (hosts: HostReport[]) =>
      printReceipt(reportWith({ deployments: [{ ...deployment, hosts }] }), false);
    expect(text([hostWith(), sick])).toMatch(/on i-0ed9e000000000003 123456 requests, 2 failed/);
    expect(text([hostWith(), sick])).not.toContain('on i-0ed9e000000000001');
    expect(text([sick])).not.toContain('on i-');
  });

  it('says that the host was simulated, and what a real one needs', () => {
    const text = printReceipt(reportWith(simulated), false);
    expect(text).toContain('The host was SIMULATED: a real host needs root.');
    expect(text).not.toMatch(/was real|floor/);
  });

  it('compares a quiet push with the floor', () => {
    expect(printReceipt(reportWith(), false)).toMatch(/flip\): 506 ms\nA quiet push took 2\.31 times that\./);
  });

  it('ends with what is not as it should be', () => {
    expect(printReceipt(reportWith(), false)).toMatch(/Everything went as it should\.$/);
    expect(printReceipt(reportWith({ problems: ['a: b', 'c: d'] }), false)).toMatch(
      /Not as it should be:\n- a: b\n- c: d$/,
    );
  });
});
