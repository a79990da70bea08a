import type { CommandDocument } from './document.ts';

/** Values of a document's parameters, defaults included. */
export type ParameterValues = Readonly<Record<string, string | readonly string[]>>;

/** Adds the defaults to what the caller gave. */
export function withDefaults(
  { parameters }: CommandDocument,
  given: Readonly<Record<string, readonly string[]>>,
): ParameterValues {
  const entries = Object.entries(parameters).flatMap(([name, { type, default: fallback }]) => {
    const value = given[name] ?? fallback;
    if (value === undefined) return [];
    return [
      [name, type === 'String' && Array.isArray(value) ? ((value as string[])[0] ?? '') : value] as const,
    ];
  });
  return Object.fromEntries(entries) as ParameterValues;
}

/** Replaces `{{ name }}` by the parameter's text, with no quoting, as the agent does. */
export function interpolate(text: string, document: CommandDocument, values: ParameterValues): string {
  return text.replace(/\{\{ *([a-zA-Z0-9]+) *\}\}/g, (mark, name: string) => {
    const parameter = document.parameters[name];
    const value = values[name];
    if (!parameter || value === undefined) return mark;
    const textual = typeof value === 'string' ? value : JSON.stringify(value);
    return textual.replaceAll('$$', '$');
  });
}

/** The ENV_VAR parameters as a script sees them. */
export function environmentOf(document: CommandDocument, values: ParameterValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(document.parameters)
      .filter(
        ([name, { interpolationType }]) => interpolationType === 'ENV_VAR' && values[name] !== undefined,
      )
      .map(([name]) => [`SSM_${name}`, String(values[name])]),
  );
}

const defaultTimeout = 3600;

/** timeoutSeconds as the agent reads it: 5 to 172,800, and anything else is silently an hour. */
export function executionTimeout(value: string | number | undefined): number {
  const seconds = Number(value);
  const valid = /^[0-9]+$/.test(String(value ?? '').trim()) && seconds >= 5 && seconds <= 172_800;
  return valid ? seconds : defaultTimeout;
}
