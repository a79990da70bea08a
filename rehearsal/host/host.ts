/** What the rehearsal's SSM service asks of a host, whether it is a real one in namespaces or a model of one. */

export interface ScriptRun {
  readonly documentName: string;
  readonly stepName: string;
  readonly commandId: string;
  readonly script: string;
  /** The ENV_VAR parameters, already named as the script sees them (`SSM_<name>`). */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface ScriptResult {
  /** As the agent reports it: 137 after a timeout, -1 after a signal of somebody else. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** What ended it, if somebody else than the agent did; its exit code is -1 then. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RehearsalHost {
  readonly kind: 'real' | 'simulated';
  readonly instanceId: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly availabilityZone: string;
  readonly tags: Readonly<Record<string, string>>;
  /** As EC2 says it; `running` unless said. */
  readonly instanceState?: 'running' | 'stopped';
  /** Epoch milliseconds, which EC2 tells by the primary network interface; untold unless said. */
  readonly createdAt?: number;
  /** Never rejects for a script that fails; rejects with HostDownError if the host is down or goes down meanwhile. */
  runScript(run: ScriptRun): Promise<ScriptResult>;
  /** As EC2's AttachVolume: the device appears on the host soon after. */
  attachVolume(volumeId: string): Promise<void>;
  /** Whether it is on its way up; a host that has no need to boot says nothing. */
  readonly isBooting?: boolean;
  /** Tells when its agent can no longer reach AWS, and when it can again; a host that always can says nothing. */
  onReach?(listener: (reaches: boolean) => void): void;
  destroy(): Promise<void>;
}

/** A script under way on a host. */
export interface RunningScript {
  readonly run: ScriptRun;
  /** SIGKILL to its whole process group, as by the kernel or a person. */
  kill(): Promise<void>;
  /** It is over, whatever became of it. */
  readonly ended: Promise<void>;
}

/** The agent cannot answer: its host is down, or went down and took the script with it. */
export class HostDownError extends Error {
  override readonly name = 'HostDownError';
}
