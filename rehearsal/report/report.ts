import type { Outcome } from '../../contracts/outcome.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { DatabaseFacts } from '../../contracts/phases/resolve-database.ts';
import type { EnvironmentFacts } from '../../contracts/phases/resolve-env.ts';
import type { MigrationFacts } from '../../contracts/phases/run-migrations.ts';

/** A phase of a deployment as its hosts reported it. */
export interface PhaseReport {
  readonly phase: PhaseName;
  /** Wall-clock milliseconds on the host; the slowest, when there are several. */
  readonly ms: number;
  readonly result: 'done' | 'already-done' | 'failed';
}

/** What clients outside saw while a deployment ran. */
export interface LoadSummary {
  readonly requests: number;
  readonly failed: number;
  readonly resets: number;
  readonly truncatedStreams: number;
  readonly webSocketsWithoutCloseFrame: number;
  /** Of several hosts, the slowest one's. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A host after a deployment. */
export interface HostReport {
  readonly instanceId: string;
  /** What its port 80 answers. */
  readonly serving: string;
  readonly load: LoadSummary | null;
}

export interface DeploymentReport {
  /** What the rehearsal shows with it. */
  readonly title: string;
  readonly deploymentId: string;
  readonly buildVersion: string;
  readonly digest: string;
  readonly trigger: 'push' | 'manual' | 'catch-up' | 'closing';
  readonly outcome: Outcome;
  /** The failure's id, or null. */
  readonly failureId: string | null;
  readonly cause: string | null;
  readonly phases: readonly PhaseReport[];
  readonly commandsSent: number;
  readonly commandsUntilLive: number | null;
  readonly stateTransitions: number;
  readonly stateTransitionsUntilLive: number | null;
  /** From the registry's acceptance of the push (or the start of a manual execution) to the proven answer of the last host. */
  readonly pushToLiveMs: number | null;
  readonly switchMs: number | null;
  /** What somebody should know of although the deployment went well. */
  readonly warning: string | null;
  /** What hosts said of the app's environment, its database and its schema; null where the phase was not walked. */
  readonly environment: EnvironmentFacts | null;
  readonly database: DatabaseFacts | null;
  readonly migration: MigrationFacts | null;
  /** Nginx's own count since the switch. */
  readonly lost: { readonly requests: number; readonly status5xx: number; readonly status499: number };
  /** Of all hosts; absent when no load ran. */
  readonly load: LoadSummary | null;
  /** What port 80 answers after it all, on every host or by host; null for another app than the first. */
  readonly servingAfterwards: string | null;
  readonly hosts: readonly HostReport[];
}

export interface RehearsalReport {
  readonly host: 'real' | 'simulated';
  /** Why the host is simulated and what a real one needs. */
  readonly hostNote: string | null;
  readonly startedAt: string;
  readonly seconds: number;
  readonly deployments: readonly DeploymentReport[];
  /** The bare sequence pull + run + ready + flip, on the same host in the same run; the median. */
  readonly floorMs: number | null;
  /** pushToLiveMs of the quiet steady-state push over floorMs. */
  readonly ratio: number | null;
  /** Empty when everything was as it should be. */
  readonly problems: readonly string[];
}
