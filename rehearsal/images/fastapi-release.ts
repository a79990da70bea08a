import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSpec } from './image.ts';

/**
 * Migrations that a release brings, besides the example's own `notes`:
 * - expand: adds a nullable column `body`; backfill: fills it from `text`; contract: drops `text`;
 * - rename: `text` becomes `body` at once, which breaks the release before;
 * - fails: after tables, columns and rows; hangs: for ever, in pg_sleep; slow: two seconds; dies: exit code 137.
 */
export type RevisionName =
  'notes' | 'expand' | 'backfill' | 'contract' | 'rename' | 'fails' | 'hangs' | 'slow' | 'dies';

/** Which columns the code uses: 1 `text`, 2 both, 3 `body`. */
export type SchemaOfCode = 1 | 2 | 3;

export interface FastApiRelease {
  /** In their order, `notes` first; each goes by its name as its revision id but `notes`, which is `0001_notes`. Default: `notes`. */
  readonly revisions?: readonly RevisionName[];
  /** Default: what the last of the revisions asks for. */
  readonly schema?: SchemaOfCode;
  readonly environment?: Readonly<Record<string, string>>;
  readonly extraBytes?: number;
}

const folder = join(import.meta.dirname, 'fastapi');
const schemas: Partial<Record<RevisionName, SchemaOfCode>> = {
  expand: 2,
  backfill: 3,
  contract: 3,
  rename: 3,
};

export const revisionId = (name: RevisionName): string => (name === 'notes' ? '0001_notes' : name);

export const fastApi = {
  /** A release of examples/fastapi-alembic: what `pushImage`, `PhaseHost.push` and `Rehearsal.push` take. */
  release(buildVersion: string, about: FastApiRelease = {}): ImageSpec {
    const { revisions = ['notes'], environment, extraBytes } = about;
    const schema = about.schema ?? revisions.reduce<SchemaOfCode>((found, name) => schemas[name] ?? found, 1);
    const files = { ...migrationFiles(revisions), ...tablesFile(schema) };
    return { buildVersion, app: 'fastapi', files, environment, extraBytes };
  },
};

function migrationFiles(revisions: readonly RevisionName[]): Record<string, string> {
  if (revisions[0] !== 'notes') throw new Error('The first revision of the example is "notes"');
  const pairs = revisions.slice(1).map((name, index) => {
    const content = readFileSync(join(folder, 'revisions', `${name}.py`), 'utf8');
    const path = `migrations/versions/${name}.py`;
    return [path, content.replace('PREVIOUS', revisionId(revisions[index]!))] as const;
  });
  return Object.fromEntries(pairs);
}

function tablesFile(schema: SchemaOfCode): Record<string, string> {
  if (schema === 1) return {}; // the example's own
  return { 'app/tables.py': readFileSync(join(folder, 'tables', `${schema}.py`), 'utf8') };
}
