import { describe, expect, test } from 'vitest';
import { appConfig } from '../../contracts/config.ts';
import { asParameter, declarationsOf } from '../../contracts/environment.ts';

const app = (change: object) =>
  appConfig.parse({ name: 'web', repository: { name: 'web' }, hosts: 'fleet', ...change });
const variablesOf = (change: object) => declarationsOf(app(change)).variables;

describe('the declarations that a host gets', () => {
  test('are ENV alone for an app that declares nothing', () => {
    expect(declarationsOf(app({}))).toEqual({
      types: { string: { pattern: '', is: 'a text' } },
      variables: { ENV: { type: 'string', default: 'production' } },
    });
  });

  test('have what comes with a database, by name, and only the types they use', () => {
    const { types, variables } = declarationsOf(
      app({ database: {}, environment: { KEY: { type: 'secret' } } }),
    );
    const names = ['BOTH_DB', 'DATABASE_URL', 'ENV', 'KEY', 'MAX_RETRIES', 'RETRY_INTERVAL', 'USE_SQLITE'];
    expect(Object.keys(variables)).toEqual(names);
    expect(Object.keys(types)).toEqual(['boolean', 'interval', 'postgres', 'retries', 'secret', 'string']);
    expect(variables['KEY']).toEqual({ type: 'secret', required: true });
  });

  test('take another default of the configuration, and keep theirs where it gives none', () => {
    const database = {};
    expect(variablesOf({ database, environment: { MAX_RETRIES: { default: '3' }, ENV: {} } })).toMatchObject({
      MAX_RETRIES: { type: 'retries', default: '3' },
      ENV: { default: 'production' },
    });
    expect(variablesOf({ database, environment: { MAX_RETRIES: { type: 'integer' } } })).toMatchObject({
      MAX_RETRIES: { type: 'retries', default: '6' },
    });
  });

  test('leave DATABASE_URL to an app without a database', () => {
    expect(variablesOf({ environment: { DATABASE_URL: { type: 'secret' } } })['DATABASE_URL']).toEqual({
      type: 'secret',
      required: true,
    });
  });
});

describe('a value as a parameter', () => {
  test.each(['Zürich', '{{ssm:/x}}', '{{{', '\u2028', 'a"b\\c', '😀'])(
    '%j comes back from printable ASCII',
    (text) => {
      const parameter = asParameter({ text });
      expect(parameter).toMatch(/^[ -~]+$/);
      expect(parameter).not.toContain('{{');
      expect(JSON.parse(parameter)).toEqual({ text });
    },
  );
});
