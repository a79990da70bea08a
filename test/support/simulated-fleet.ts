import type { PhaseName } from '../../contracts/phase-name.ts';
import { phaseParameters } from '../../contracts/phase.ts';
import { phases } from '../../contracts/phases/index.ts';
import { appConfig } from '../../contracts/config.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';
import { receipt, type Receipt } from '../../contracts/receipt.ts';
import type { ScriptResult } from '../../rehearsal/host/host.ts';
import type { SimulatedHost } from '../../rehearsal/host/simulated/simulated-host.ts';

export const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
export const volumeId = 'vol-00000000000000001';

const app = appConfig.parse({
  name: 'web',
  repository: { name: 'web' },
  hosts: 'fleet',
  database: { migrations: { command: ['migrate'], olderReleaseRuns: true } },
  timeouts: { health: 10, bake: 5, drain: 5, stop: 5 },
});

/** The plan of deployment `web-<fence>` of an image whose digest is all this letter. */
export const planOf = (fence: number, letter: string): DeploymentPlan => ({
  deploymentId: `web-${fence}`,
  fence,
  app: {
    ...app,
    hostTag: { key: 'fleet', value: 'web' },
    volume: { tag: { key: 'disk', value: 'docker' }, filesystem: 'xfs' },
    taskTimeouts: {} as DeploymentPlan['app']['taskTimeouts'],
  },
  image: {
    buildVersion: letter,
    digest: digestOf(letter),
    repositoryUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/web',
    compressedBytes: 1_000_000,
    architectures: ['x86_64'],
  },
  waves: [['i-1']],
  volumeIds: [volumeId],
  documents: {} as DeploymentPlan['documents'],
  hasDatabase: true,
  hasMigration: true,
  docker: {
    repositoryUrl: 'https://download.docker.com',
    debKeyFingerprint: 'A'.repeat(40),
    rpmKeyFingerprint: 'B'.repeat(40),
  },
});

/** Runs a phase's script on a host, as the agent would. */
export function runScript(
  host: SimulatedHost,
  phase: PhaseName,
  plan: DeploymentPlan,
  changed: Record<string, string> = {},
): Promise<ScriptResult> {
  const values = { ...phaseParameters(phases[phase], plan), ...changed };
  const environment = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`SSM_${name}`, value]),
  );
  return host.runScript({
    documentName: phase,
    stepName: phase,
    commandId: 'command',
    script: '',
    environment,
    timeoutSeconds: Number(values.executionTimeout),
  });
}

/** The receipt a script printed, checked against the phase's contract. */
export function readReceipt(phase: PhaseName, { stdout }: ScriptResult): Receipt {
  const parsed = receipt.parse(JSON.parse(stdout));
  if (parsed.result !== 'failed') phases[phase].facts.parse(parsed.facts);
  return parsed;
}
