import { describe } from 'vitest';
import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { missingForRealHost } from '../../../rehearsal/host/can-host.ts';
import type { ScriptResult, ScriptRun } from '../../../rehearsal/host/host.ts';
import type { RealHostOptions } from '../../../rehearsal/host/real/host-options.ts';
import { RealHost } from '../../../rehearsal/host/real/real-host.ts';

const missing = missingForRealHost();

/** Tests that need a real host: where there can be none, they are skipped by name with the reason. */
export function describeRealHost(name: string, body: () => void): void {
  const reason = missing.length ? ` (skipped: a real host needs ${missing.join(' and ')})` : '';
  describe.skipIf(missing.length)(name + reason, body);
}

export const volumeId = 'vol-0123456789abcdef0';
export const volumeLink = '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0';

export async function createHost(options: Partial<RealHostOptions> = {}): Promise<RealHost> {
  return RealHost.create(await ensureBaseImage(), {
    instanceId: 'i-0123456789abcdef0',
    region: 'eu-central-1',
    availabilityZone: 'eu-central-1a',
    accountId: '123456789012',
    tags: { Name: 'web' },
    ...options,
  });
}

let commands = 0;

export function runOn(host: RealHost, script: string, run: Partial<ScriptRun> = {}): Promise<ScriptResult> {
  const commandId = `command-${++commands}`;
  const defaults = { documentName: 'test', stepName: 'step', environment: {}, timeoutSeconds: 60 };
  return host.runScript({ ...defaults, commandId, script, ...run });
}

/** For scripts that are a means of a test and not its subject. */
export async function outputOf(host: RealHost, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runOn(host, `#!/bin/bash\nset -euo pipefail\n${script}`);
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stdout}\n${stderr}`);
  return stdout.trim();
}
