import type { AppConfig } from './config.ts';

/** What a value must be like. `pattern` is read by JavaScript and by jq's Oniguruma: keep to what the two share. */
export interface VariableType {
  /** Empty: any text. */
  readonly pattern: string;
  /** Completes "NAME must be ...". */
  readonly is: string;
  /** In Parameter Store it must be a SecureString. */
  readonly sealed?: boolean;
}

/** The types that a configuration may name. */
export const variableTypes = {
  string: { pattern: '', is: 'a text' },
  integer: { pattern: '^-?(0|[1-9][0-9]{0,17})$', is: 'an integer such as 42' },
  boolean: { pattern: '^(true|false)$', is: 'true or false' },
  url: {
    pattern: '^[A-Za-z][A-Za-z0-9+.-]*://[^ \\t/?#]+([/?#][^ \\t]*)?$',
    is: 'a URL such as https://example.com/path',
  },
  email: {
    pattern: '^[^ \\t@<>(),;:]+@[^ \\t@<>(),;:]+[.][A-Za-z0-9-]+$',
    is: 'an address such as team@example.com',
  },
  secret: { pattern: '', is: 'a SecureString', sealed: true },
} as const satisfies Record<string, VariableType>;
export type VariableTypeName = keyof typeof variableTypes;

/** A variable of an app's environment, as the configuration declares it. */
export interface Variable {
  readonly type: VariableTypeName;
  readonly required: boolean;
  readonly default?: string | undefined;
}

/** Types of the variables that come with `database`. */
const databaseTypes = {
  postgres: {
    // User and password percent-encoded, as libpq and SQLAlchemy read them alike; several hosts by commas.
    pattern: '^postgres(ql)?://[^:@/?# ]+(:[^:@/?# ]*)?@[^@/?# ]+/[^@/?# ]+([?][^# ]*)?$',
    is: 'postgresql://user:password@host:5432/name with special characters percent-encoded',
    sealed: true,
  },
  retries: { pattern: '^([1-9]|1[0-9]|20)$', is: 'a number from 1 to 20' },
  interval: { pattern: '^([1-9]|[12][0-9]|30)$', is: 'a number of seconds from 1 to 30' },
} as const satisfies Record<string, VariableType>;

/** What an app with a database reads besides its own variables. DATABASE_URL is required unless USE_SQLITE is true. */
const databaseVariables = {
  DATABASE_URL: { type: 'postgres', required: false },
  USE_SQLITE: { type: 'boolean', required: false, default: 'false' },
  BOTH_DB: { type: 'boolean', required: false, default: 'false' },
  MAX_RETRIES: { type: 'retries', required: false, default: '6' },
  RETRY_INTERVAL: { type: 'interval', required: false, default: '3' },
} as const;

/**
 * A parameter of the app's path that is no variable: the certificates (PEM) that sign the database's own. The host writes them
 * to a file and the app finds that file in its connection string.
 */
export const databaseAuthority = 'DATABASE_CA';

/** What every app gets; a configuration may give it another default. */
const commonVariables = {
  ENV: { type: 'string', required: false, default: 'production' },
} as const;

/** Set by EdgePaaS itself: neither a parameter nor a declaration may have these names. */
export const reservedVariables: readonly string[] = [
  'BUILD_VERSION',
  'CONTAINER_PORT',
  'FINAL_DB_MODE',
  'FINAL_DB_MODE_REASON',
  'DATABASE_URL_SQLITE',
  'RUN_MIGRATIONS',
  databaseAuthority,
];
export const reservedPrefix = 'EDGEPAAS_';

/** What the host is told: the declarations, and the types they name. */
export interface Declarations {
  readonly types: Readonly<Record<string, VariableType>>;
  readonly variables: Readonly<
    Record<string, { readonly type: string; readonly required?: true; readonly default?: string }>
  >;
}

export function declarationsOf(app: Pick<AppConfig, 'environment' | 'database'>): Declarations {
  const known: Record<string, { type: string; required: boolean; default?: string | undefined }> = {
    ...commonVariables,
    ...(app.database && databaseVariables),
  };
  const all = { ...known };
  for (const [name, variable] of Object.entries(app.environment))
    all[name] = known[name] ? { ...known[name], default: variable.default ?? known[name].default } : variable;
  const types: Record<string, VariableType> = { ...variableTypes, ...databaseTypes };
  const used = [...new Set(Object.values(all).map(({ type }) => type))].sort();
  return {
    types: Object.fromEntries(used.map((type) => [type, types[type]!])),
    variables: Object.fromEntries(
      Object.entries(all)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, { type, required, default: value }]) => [
          name,
          {
            type,
            ...(required && { required: true as const }),
            ...(value !== undefined && { default: value }),
          },
        ]),
    ),
  };
}

/** As an SSM parameter: printable ASCII, and no `{{`, which the agent would resolve. */
export function asParameter(value: unknown): string {
  return JSON.stringify(value)
    .replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('{{', '{\\u007b');
}

/** Characters that the declarations may have in all: document and parameters share 64 KB. */
export const declarationsLimit = 12_000;
