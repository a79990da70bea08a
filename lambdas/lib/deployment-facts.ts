import type { PhaseName } from '../../contracts/phase-name.ts';
import type { DatabaseFacts } from '../../contracts/phases/resolve-database.ts';
import type { EnvironmentFacts } from '../../contracts/phases/resolve-env.ts';
import type { MigrationFacts } from '../../contracts/phases/run-migrations.ts';
import type { PhaseRun } from './ledger.ts';

/** Facts of the hosts that have done a phase, in the order of the waves. */
export function factsOf<T>(runs: readonly PhaseRun[], phase: PhaseName): T[] {
  const ofPhase = runs.filter((run) => run.phase === phase).sort((one, other) => one.wave - other.wave);
  const receipts = ofPhase.flatMap(({ receipts = {} }) => Object.values(receipts));
  return receipts.flatMap((receipt) => ('facts' in receipt ? [receipt.facts as T] : []));
}

export const migrationOf = (run: PhaseRun | undefined): MigrationFacts | undefined =>
  factsOf<MigrationFacts>(run ? [run] : [], 'run-migrations')[0];

/** What a deployment's history says of its environment and database. */
export interface DeploymentFacts {
  readonly environment?: EnvironmentFacts;
  readonly database?: DatabaseFacts;
  readonly migration?: MigrationFacts;
  /** A sentence each: nothing failed, and yet somebody should know. */
  readonly warnings: readonly string[];
}

export function collectFacts(runs: readonly PhaseRun[]): DeploymentFacts {
  const environments = factsOf<EnvironmentFacts>(runs, 'resolve-env');
  const [environment] = environments;
  const [database] = factsOf<DatabaseFacts>(runs, 'resolve-database');
  const migration = withLosses(runs);
  return {
    ...(environment && { environment }),
    ...(database && { database }),
    ...(migration && { migration }),
    warnings: [
      ...environmentWarnings(environments),
      ...databaseWarnings(database),
      ...schemaWarnings(migration),
    ],
  };
}

/** Once it is known, what the broken release lost until it was relieved, instead of what it had lost when that was seen. */
function withLosses(runs: readonly PhaseRun[]): MigrationFacts | undefined {
  const [migration] = factsOf<MigrationFacts>(runs, 'run-migrations');
  const counted = (['switch-traffic', 'revert'] as const).flatMap((phase) =>
    factsOf<{ sinceMigration?: Losses }>(runs, phase).map((facts) => facts.sinceMigration),
  );
  return migration && { ...migration, ...counted.findLast((losses) => losses !== undefined) };
}

type Losses = Pick<MigrationFacts, 'requests' | 'status5xx' | 'status499'>;

function environmentWarnings(environments: EnvironmentFacts[]): string[] {
  const undeclared = [...new Set(environments.flatMap((one) => one.undeclared))];
  const versions = new Set(environments.map((one) => JSON.stringify(one.versions)));
  return [
    ...(undeclared.length > 0
      ? [`parameters that are not declared did not reach the app: ${undeclared.join(', ')}`]
      : []),
    ...(versions.size > 1
      ? ['a parameter changed while hosts read it: deploy once more, so that all have the same']
      : []),
  ];
}

function databaseWarnings(database: DatabaseFacts | undefined): string[] {
  if (!database) return [];
  const { configured, mode, reason, note } = database;
  return [
    ...(mode === configured ? [] : [`${configured} became ${mode}: ${reason}`]),
    ...(note ? [note] : []),
  ];
}

function schemaWarnings(migration: MigrationFacts | undefined): string[] {
  if (!migration) return [];
  const { live, to } = migration;
  if (migration.skipped === 'older-release')
    return [
      `the database is at ${to}, which is newer than this release; its configuration says that it runs on it`,
    ];
  return live === 'broken-by-migration' ? [describeBreak(migration)] : [];
}

export const describeBreak = ({ to, requests, status5xx }: MigrationFacts) =>
  `the migration to ${to} broke the release before: ${status5xx} of ${requests} requests ended in 5xx`;
