import { AwsError } from './service.ts';

type Input = Record<string, unknown>;

/** Reads a member of a request, or throws as the service's own parser does. */
export function text(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${name}' must not be null`,
  );
}

export const optionalText = (input: Input, name: string) =>
  typeof input[name] === 'string' ? (input[name] as string) : undefined;

export const optionalNumber = (input: Input, name: string) =>
  input[name] === undefined ? undefined : Number(input[name]);

export function list<T = string>(input: Input, name: string): T[] {
  const value = input[name];
  return Array.isArray(value) ? (value as T[]) : [];
}

/** Throws for members of a request that the rehearsal would ignore and AWS would not. */
export function refuseOthers(action: string, input: Input, known: readonly string[]): void {
  const others = Object.keys(input).filter((name) => !known.includes(name) && input[name] !== undefined);
  if (others.length === 0) return;
  throw new AwsError(
    'RehearsalNotSupported',
    `The rehearsal's ${action} does not know ${others.join(', ')}: see rehearsal/SUPPORTED.md`,
    501,
  );
}

/** A page of a listing; the token is the place of the next one. */
export function page<T>(
  items: readonly T[],
  token: string | undefined,
  size: number,
): { items: T[]; NextToken?: string } {
  const start = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(start) || start < 0 || start > items.length)
    throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
  const end = start + size;
  return { items: items.slice(start, end), ...(end < items.length && { NextToken: String(end) }) };
}
