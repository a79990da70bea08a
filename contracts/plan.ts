import type { AppSettings } from './app-settings.ts';
import type { Release } from './build-version.ts';
import type { Architecture } from './architecture.ts';
import type { ResolvedDatabase } from './database.ts';
import type { PhaseName } from './phase-name.ts';

/** An image as the registry describes it. */
export interface ImagePlan extends Release {
  /** Without tag or digest: `<account>.dkr.ecr.<region>.amazonaws.com/<repository>`. */
  readonly repositoryUri: string;
  /** Compressed bytes of the largest platform's layers. */
  readonly compressedBytes: number;
  readonly architectures: readonly Architecture[];
}

/** An SSM Command document with the version that this deployment uses to its end. */
export interface DocumentPlan {
  readonly name: string;
  readonly version: string;
  /** The parameters that this version knows: a stack updated meanwhile may have others. */
  readonly parameters: readonly string[];
}

/** Everything a deployment needs to know, made once; no phase looks anything up again. */
export interface DeploymentPlan {
  readonly deploymentId: string;
  readonly fence: number;
  readonly app: AppSettings;
  readonly image: ImagePlan;
  /** Instance ids, the canary wave first; at most 50 a wave: what one SendCommand takes. */
  readonly waves: readonly (readonly string[])[];
  /** The tagged EBS volumes of these hosts, in the order of the waves; each host finds its own by id. */
  readonly volumeIds: readonly string[];
  /** Hosts that were out of reach when the plan was made, as many as the configuration allows. */
  readonly leftOut?: readonly string[];
  /** Hosts take the current release, which stays current: nothing becomes of the others. */
  readonly catchUp?: true;
  /** CloudWatch alarms that bake heeds: the configured ones that were not in ALARM already when the plan was made. */
  readonly alarms?: readonly string[];
  readonly documents: Readonly<Record<PhaseName, DocumentPlan>>;
  readonly hasDatabase: boolean;
  readonly hasMigration: boolean;
  /** What resolve-database decided; the graph puts it here. */
  readonly database?: ResolvedDatabase;
  /** For revert: this deployment has migrated the database. */
  readonly schemaMoved?: boolean;
  /** Values of the stack's parameters that reach the hosts. */
  readonly docker: DockerSource;
}

export interface DockerSource {
  readonly repositoryUrl: string;
  readonly debKeyFingerprint: string;
  readonly rpmKeyFingerprint: string;
}
