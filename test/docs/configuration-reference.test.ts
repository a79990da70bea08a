import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { edgePaasConfig } from '../../contracts/config.ts';
import { repositoryPath } from './repository-path.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly required?: readonly string[];
}

/** Every field as people write it, such as `apps[].proxy.bodySizeLimit`, with its default in JSON, `required` or `none`. */
function fieldsOf(schema: Schema, path: string, standard: string): [string, string][] {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length > 0)
    return properties.flatMap(([name, child]) =>
      fieldsOf(child, path ? `${path}.${name}` : name, standardOf(schema, name, child)),
    );
  if (schema.items?.properties) return fieldsOf(schema.items, `${path}[]`, standard);
  if (typeof schema.additionalProperties === 'object')
    return fieldsOf(
      schema.additionalProperties,
      `${path}.<${path.endsWith('environment') ? 'name' : 'group'}>`,
      standard,
    );
  return [[path, standard]];
}

function standardOf(parent: Schema, name: string, child: Schema): string {
  const value = child.default ?? (parent.default as Record<string, unknown> | undefined)?.[name];
  if (value !== undefined) return JSON.stringify(value);
  return parent.required?.includes(name) ? 'required' : 'none';
}

const schema = z.toJSONSchema(edgePaasConfig, { io: 'input', unrepresentable: 'any' }) as Schema;
const expected = Object.fromEntries(fieldsOf(schema, '', ''));

/** Rows of the table: `| `field` | default | meaning |`. */
const rows = [
  ...readFileSync(repositoryPath('README.md'), 'utf8').matchAll(
    /^\| `([a-z][\w[\].<>]*)` +\| (.+?) +\| (.+) \|$/gm,
  ),
];
const documented = Object.fromEntries(
  rows.map(([, field, standard]) => [field, standard!.replaceAll('`', '')]),
);

test('the README names every field of the configuration with its default, and no other', () => {
  expect(documented).toEqual(expected);
});

test('the README says of every field what it is for', () => {
  expect(rows.filter(([, , , meaning]) => meaning!.trim().length < 10)).toEqual([]);
});
