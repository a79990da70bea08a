import * as z from 'zod';

/** One line a problem of a configuration: path, value, what to do about it. */
export function describeProblem(issue: z.core.$ZodIssue, config: unknown, schema: z.core.$ZodType): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path).join(', ');
    const fix = `is no setting: remove it, or use one of ${known}`;
    return issue.keys.map((key) => describe([...issue.path, key], config, fix));
  }
  return [describe(issue.path, config, fixOf(issue))];
}

function describe(path: readonly PropertyKey[], config: unknown, fix: string): string {
  const value = valueAt(config, path);
  const shown =
    value === undefined ? 'is missing' : `= ${(JSON.stringify(value) ?? typeof value).slice(0, 120)}`;
  return `${path.join('/') || '(whole file)'} ${shown}: ${fix}`;
}

function fixOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${withArticle(issue.expected)}`;
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
  // The name of a record's entry is checked by a schema of its own, and that one's message says what is wrong.
  if (issue.code === 'invalid_key')
    return `has a name that ${issue.issues.map(({ message }) => message).join(', ')}`;
  return issue.message;
}

const withArticle = (noun: string) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

function valueAt(config: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], config);
}

/** The settings that an object of the schema may have. */
function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const object = path.reduce(childOf, bare(schema));
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function childOf(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType {
  if (schema instanceof z.ZodArray) return bare(schema.element);
  if (schema instanceof z.ZodRecord) return bare(schema.valueType);
  return schema instanceof z.ZodObject ? bare(schema.shape[key as string] as z.core.$ZodType) : schema;
}

/** Without the wrapping of .default() and .optional(). */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
    ? bare(schema.def.innerType)
    : schema;
}
