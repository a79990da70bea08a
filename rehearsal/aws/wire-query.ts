import type { AwsError } from './service.ts';
import type { WireAnswer } from './wire-protocol.ts';

const contentType = 'text/xml;charset=UTF-8';
const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** The EC2 query protocol: `Filter.1.Value.2=x` becomes `{Filter: [{Value: [.., 'x']}]}`. */
export function parseQueryInput(body: Buffer): Record<string, unknown> {
  const root: Tree = {};
  for (const [key, value] of new URLSearchParams(body.toString('utf8'))) plant(root, key.split('.'), value);
  return asLists(root) as Record<string, unknown>;
}

interface Tree {
  [key: string]: Tree | string;
}

function plant(tree: Tree, [key = '', ...rest]: string[], value: string): void {
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const child = tree[key];
  const next = typeof child === 'object' ? child : {};
  tree[key] = next;
  plant(next, rest, value);
}

function asLists(tree: Tree | string): unknown {
  if (typeof tree === 'string') return tree;
  const keys = Object.keys(tree);
  if (keys.length > 0 && keys.every((key) => /^[0-9]+$/.test(key)))
    return keys.sort((a, b) => Number(a) - Number(b)).map((key) => asLists(tree[key] ?? ''));
  return Object.fromEntries(keys.map((key) => [key, asLists(tree[key] ?? '')]));
}

/** EC2's XML: a list is a sequence of `item` elements, a time is ISO 8601. */
export function renderXml(action: string, output: unknown, requestId: string): WireAnswer {
  const root = `${action}Response`;
  const inner = `<requestId>${requestId}</requestId>${renderFields(output ?? {})}`;
  return { status: 200, contentType, body: `<${root} xmlns="${namespace}">${inner}</${root}>` };
}

export function renderXmlError({ code, message, status }: AwsError, requestId: string): WireAnswer {
  const error = `<Errors><Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error></Errors>`;
  return { status, contentType, body: `<Response>${error}<RequestID>${requestId}</RequestID></Response>` };
}

export function renderFields(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => `<item>${renderFields(item)}</item>`).join('');
  if (typeof value !== 'object' || value === null) return escapeXml(String(value));
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `<${key}>${renderFields(item)}</${key}>`)
    .join('');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escapeXml = (text: string) =>
  text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
