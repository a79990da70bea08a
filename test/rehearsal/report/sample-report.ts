import type { DeploymentReport, HostReport, RehearsalReport } from '../../../rehearsal/report/report.ts';

const load = {
  requests: 123_456,
  failed: 0,
  resets: 0,
  truncatedStreams: 0,
  webSocketsWithoutCloseFrame: 0,
  p50Ms: 47.04,
  p99Ms: 1125.6,
};

export const hostWith = (changes: Partial<HostReport> = {}): HostReport => ({
  instanceId: 'i-0ed9e000000000001',
  serving: 'v2',
  load,
  ...changes,
});

export const deploymentWith = (changes: Partial<DeploymentReport> = {}): DeploymentReport => ({
  title: 'The next push, under load',
  deploymentId: 'web-2',
  buildVersion: 'v2',
  digest: `sha256:${'1a'.repeat(32)}`,
  trigger: 'push',
  outcome: 'Succeeded',
  failureId: null,
  cause: null,
  phases: [
    { phase: 'inspect', ms: 83, result: 'done' },
    { phase: 'install-docker', ms: 24_321, result: 'done' },
    { phase: 'start-candidate', ms: 430, result: 'done' },
    { phase: 'switch-traffic', ms: 123, result: 'done' },
  ],
  commandsSent: 7,
  commandsUntilLive: 5,
  stateTransitions: 21,
  stateTransitionsUntilLive: 14,
  pushToLiveMs: 1640,
  switchMs: 15,
  warning: null,
  environment: null,
  database: null,
  migration: null,
  lost: { requests: 4511, status5xx: 0, status499: 0 },
  load,
  servingAfterwards: 'v2',
  hosts: [hostWith()],
  ...changes,
});

export const reportWith = (changes: Partial<RehearsalReport> = {}): RehearsalReport => ({
  host: 'real',
  hostNote: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  seconds: 88,
  deployments: [deploymentWith()],
  floorMs: 506,
  ratio: 2.31,
  problems: [],
  ...changes,
});
