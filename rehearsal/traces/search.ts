/** Something that a run has left, under a name that a person can look up. */
export interface Trace {
  readonly place: string;
  readonly content: Buffer | string;
}

/** The places in which a secret stands, as it is or encoded: for a canary, whose characters no quoting changes. */
export function findSecret(secret: string, traces: Iterable<Trace>): string[] {
  const forms = formsOf(secret);
  const found: string[] = [];
  for (const { place, content } of traces) {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
    if (forms.some((form) => bytes.includes(form))) found.push(place);
  }
  return found;
}

/** As it is, backwards, in hexadecimal digits, and in base64 wherever it begins. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [
    secret,
    [...secret].reverse().join(''),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].map((at) => base64At(bytes, at)),
  ];
}

/** Of the characters that depend on nothing but the secret, when `before` bytes precede it in their group of three. */
function base64At(bytes: Buffer, before: number): string {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const first = Math.ceil((before * 8) / 6);
  const whole = Math.floor((padded.length * 8) / 6);
  return padded.toString('base64').slice(first, whole);
}
