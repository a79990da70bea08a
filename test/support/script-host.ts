import type { RehearsalHost, ScriptResult, ScriptRun } from '../../rehearsal/host/host.ts';

export const ok: ScriptResult = { exitCode: 0, timedOut: false, stdout: '', stderr: '' };

/** A host whose scripts are answered by a function; it remembers what it was asked. */
export class ScriptHost implements RehearsalHost {
  readonly kind = 'simulated';
  readonly architecture = 'x86_64';
  readonly availabilityZone = 'eu-central-1a';
  readonly runs: ScriptRun[] = [];
  readonly attached: string[] = [];
  readonly instanceId: string;
  readonly tags: Readonly<Record<string, string>>;
  answer: (run: ScriptRun) => Promise<ScriptResult> | ScriptResult = () => ok;

  constructor(instanceId = 'i-00000000000000001', tags: Record<string, string> = { fleet: 'web' }) {
    this.instanceId = instanceId;
    this.tags = tags;
  }

  async runScript(run: ScriptRun): Promise<ScriptResult> {
    this.runs.push(run);
    return this.answer(run);
  }

  async attachVolume(volumeId: string): Promise<void> {
    this.attached.push(volumeId);
  }

  async destroy(): Promise<void> {}
}
