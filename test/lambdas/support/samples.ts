import type { CommandInvocation } from '@aws-sdk/client-ssm';
import { parseConfig } from '../../../contracts/config.ts';
import type { FailureId } from '../../../contracts/failure.ts';
import { phaseNames, type PhaseName } from '../../../contracts/phase-name.ts';
import { commonParameters } from '../../../contracts/phase.ts';
import { phases } from '../../../contracts/phases/index.ts';
import type { DeploymentPlan } from '../../../contracts/plan.ts';
import type { DeploymentRequest } from '../../../contracts/request.ts';
import { runIdOf, type PhaseRun } from '../../../lambdas/lib/ledger.ts';
import { appSettings } from '../../../lib/app-settings.ts';

export const apps = appSettings(
  parseConfig({
    hosts: {
      fleet: { tag: { key: 'fleet', value: 'web' }, volume: { tag: { key: 'disk', value: 'docker' } } },
    },
    apps: [
      { name: 'web', repository: { name: 'team/web' }, hosts: 'fleet' },
      {
        name: 'api',
        repository: { name: 'team/api' },
        hosts: 'fleet',
        serverNames: ['api.example.com'],
        slotPorts: { blue: 8082, green: 8083 },
        database: { migrations: { command: ['migrate', '--all'], olderReleaseRuns: true } },
      },
    ],
  }),
);

const parametersOf = (name: PhaseName) => [
  ...Object.keys({ ...commonParameters, ...phases[name].parameters }),
  'executionTimeout',
];

export const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

const byPhase = <T>(value: (name: PhaseName) => T) =>
  Object.fromEntries(phaseNames.map((name) => [name, value(name)])) as Record<PhaseName, T>;

export const samplePlan = (overrides: Partial<DeploymentPlan> = {}): DeploymentPlan => {
  const app = apps[0]!;
  return {
    deploymentId: 'web-1',
    fence: 1,
    app,
    image: {
      buildVersion: '1.0.0',
      digest: digestOf('a'),
      repositoryUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web',
      compressedBytes: 1000,
      architectures: ['x86_64'],
    },
    waves: [['i-0aaaaaaaa']],
    volumeIds: ['vol-0aaaaaaaa'],
    documents: byPhase((name) => ({
      name: `EdgePaas-${name}`,
      version: '7',
      parameters: parametersOf(name),
    })),
    hasDatabase: false,
    hasMigration: false,
    docker: {
      repositoryUrl: 'https://download.docker.com',
      debKeyFingerprint: 'A'.repeat(40),
      rpmKeyFingerprint: 'B'.repeat(40),
    },
    ...overrides,
  };
};

export const sampleRequest = (overrides: Partial<DeploymentRequest> = {}): DeploymentRequest => ({
  app: 'web',
  trigger: 'push',
  buildVersion: '1.0.0',
  digest: digestOf('a'),
  eventId: 'event-1',
  order: '2026-01-01T00:00:01.000Z 2026-01-01T00:00:02.000Z',
  executionArn: 'arn:execution:1',
  requestedAt: 1,
  ...overrides,
});

export const sampleRun = (overrides: Partial<PhaseRun> = {}): PhaseRun => ({
  deploymentId: 'web-1',
  phase: 'bake',
  wave: 0,
  fence: 1,
  hosts: ['i-0aaaaaaaa'],
  taskToken: 'token-1',
  open: 'open',
  since: 1_000_000,
  ...overrides,
});

/** Facts of a finished phase, one set a phase. */
export const sampleFacts: Record<PhaseName, Record<string, unknown>> = {
  inspect: {
    prepared: true,
    missing: [],
    distribution: 'debian 12',
    architecture: 'x86_64',
    liveSlot: 'blue',
    liveDigest: digestOf('b'),
    liveDeployment: 'web-0',
    liveRunning: true,
    idleRunning: false,
    serving: 'blue',
    servingStatus: 200,
    nginxConfigValid: true,
    freeBytes: 1e9,
  },
  'mount-volume': { volumeId: 'vol-0aaaaaaaa', uuid: 'u', formatted: false, moved: false },
  'install-docker': { package: 'docker-ce', version: '29', why: '' },
  'install-nginx': { version: '1.22', siteChanged: false },
  'resolve-database': {
    configured: 'try_postgres',
    mode: 'sqlite_only',
    reason: 'no answer',
    note: '',
    attempts: 6,
  },
  'resolve-env': { databaseMode: 'none', parameters: 2, fingerprint: 'f', undeclared: [] },
  'pull-release': { pulled: true, freeBytes: 1e9 },
  'run-migrations': {
    skipped: '',
    from: 'r1',
    to: 'r2',
    attempts: 1,
    live: 'healthy',
    requests: 9,
    status5xx: 0,
    status499: 0,
  },
  'start-candidate': { slot: 'green', readyMs: 300, reportedVersion: '1.0.0' },
  'switch-traffic': { from: 'blue', to: 'green', switchMs: 12, liveAt: 1 },
  bake: { requests: 100, status5xx: 0, status499: 1 },
  retire: { slot: 'blue', drainMs: 50, openAtDeadline: 0, requests: 150, status5xx: 0, status499: 1 },
  revert: {
    switched: true,
    liveSlot: 'blue',
    liveDigest: digestOf('b'),
    backMs: 20,
    onNewerSchema: false,
    requests: 40,
    status5xx: 3,
    status499: 0,
  },
};

type Told = Pick<PhaseRun, 'deploymentId' | 'phase'> & Partial<Pick<PhaseRun, 'fence'>>;

/** The one line a script prints when it is done. */
export const doneLine = ({ deploymentId, phase, fence = 1 }: Told, facts: Record<string, unknown> = {}) =>
  JSON.stringify({
    phase,
    deploymentId,
    fence,
    result: 'done',
    ms: 10,
    facts: { ...sampleFacts[phase], ...facts },
  });

export const failedLine = ({ deploymentId, phase, fence = 1 }: Told, failure: FailureId, cause = 'because') =>
  JSON.stringify({ phase, deploymentId, fence, result: 'failed', failure, cause, ms: 10 });

/** An entry of ListCommandInvocations for a run's host. */
export const invocationOf = (
  run: PhaseRun,
  output: string,
  {
    host = run.hosts[0]!,
    status = 'Success',
    details,
    requestedAt = run.since,
  }: { host?: string; status?: string; details?: string; requestedAt?: number } = {},
): CommandInvocation => ({
  InstanceId: host,
  Comment: runIdOf(run),
  Status: status as CommandInvocation['Status'],
  StatusDetails: details ?? status,
  RequestedDateTime: new Date(requestedAt),
  CommandPlugins: [{ Name: run.phase, Output: output }],
});
