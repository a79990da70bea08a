/**
 * What GitHub's runner puts *** for. Source: actions/runner, src/Sdk/DTLogging/Logging/SecretMasker.cs and ValueEncoders.cs, and
 * the list of encoders in src/Runner.Common/HostContext.cs.
 */
export class SecretMasker {
  readonly #values = new Set<string>();

  /** A secret and the encodings of it in which it might turn up. */
  add(value: string): void {
    if (value === '') return;
    for (const one of [value, ...encoders.flatMap((encode) => encode(value))]) if (one) this.#values.add(one);
  }

  /** As Worker.InitializeSecretMasker does with the secrets of the job's message: trimmed, whole and line by line. */
  addSecret(secret: string): void {
    this.add(secret.trim());
    for (const line of secret.trim().split(/[\r\n]+/)) this.add(line.trim());
  }

  mask(text: string): string {
    const ranges = [...this.#values].flatMap((value) => positionsOf(value, text));
    ranges.sort((one, other) => one.begin - other.begin);
    const merged: Range[] = [];
    for (const range of ranges) {
      const last = merged.at(-1);
      if (last && range.begin <= last.end) last.end = Math.max(last.end, range.end);
      else merged.push(range);
    }
    const kept = [...merged, undefined].map((range, index) =>
      text.slice(merged[index - 1]?.end ?? 0, range?.begin),
    );
    return kept.join('***');
  }

  /** Whether an output with this value is handed on. */
  leaves(text: string): boolean {
    return this.mask(text) === text;
  }
}

interface Range {
  readonly begin: number;
  end: number;
}

/** Overlapping ones too. */
function positionsOf(value: string, text: string): Range[] {
  const found: Range[] = [];
  for (let begin = text.indexOf(value); begin >= 0; begin = text.indexOf(value, begin + 1))
    found.push({ begin, end: begin + value.length });
  return found;
}

type Encoder = (value: string) => string[];
const encoders: readonly Encoder[] = [
  base64Variations,
  (value) => [value.replaceAll('"', '\\"')],
  (value) => [value.replaceAll("'", "''")],
  (value) => [JSON.stringify(value).slice(1, -1)],
  (value) => [encodeURIComponent(value)],
  (value) => [value.replace(/[<>&'"]/g, (character) => `&${entities[character]!};`)],
  (value) => (value.length > 8 && /^".*"$/s.test(value) ? [value.slice(1, -1)] : []),
  ampersandSections,
];
const entities: Record<string, string> = { '<': 'lt', '>': 'gt', '&': 'amp', "'": 'apos', '"': 'quot' };

/** Three alignments, without padding, in both alphabets. */
function base64Variations(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const encoded = bytes.subarray(offset).toString('base64').replace(/=+$/, '');
    return [encoded, encoded.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** PowerShell prints what is before and after an ampersand by itself; sections of six characters or more are masked. */
function ampersandSections(value: string): string[] {
  const special = value.indexOf('&+');
  const last = value.lastIndexOf('&');
  if (last < 0) return [];
  const before = special >= 0 ? value.slice(0, special + 2) : value.slice(0, last + 1);
  const after = special >= 0 ? value.slice(special + 3) : value.slice(last + 1);
  return [before, after].filter((section) => section.length >= 6);
}
