import type { Finding } from '../../contracts/finding.ts';
import { oneLine } from '../../contracts/failure.ts';
import { appKey, type Ledger } from './ledger.ts';

export interface KnownFinding extends Finding {
  /** When it was found first: ISO 8601. */
  readonly since: string;
}

/** In the ledger, at the app's `findings`, for people. */
interface FindingsItem {
  readonly findings: readonly KnownFinding[];
}

/** An item has 400 KB, and a finding up to 350 bytes of it. */
const [mostFindings, mostCharacters] = [1000, 200];

export const readFindings = async (app: string, ledger: Ledger): Promise<readonly KnownFinding[]> =>
  (await ledger.get<FindingsItem>(appKey(app, 'findings')))?.findings ?? [];

/** What is found now, each with the time since when it is known. */
export function withSince(
  found: readonly Finding[],
  known: readonly KnownFinding[],
  now: number,
): KnownFinding[] {
  const since = new Map(known.map((one) => [identify(one), one.since]));
  return found.slice(0, mostFindings).map(({ finding, host, says }) => ({
    finding,
    ...(host && { host }),
    says: oneLine(says, mostCharacters),
    since: since.get(identify({ finding, host })) ?? new Date(now).toISOString(),
  }));
}

const identify = ({ finding, host = '' }: Pick<Finding, 'finding'> & { host?: string | undefined }) =>
  `${finding} ${host}`;

/** A finding that came or went, for the log. */
export interface Change extends KnownFinding {
  readonly app: string;
  readonly isGone?: true;
}

/** Writes the findings down if they have changed, and answers which came and which went. */
export async function recordFindings(
  app: string,
  findings: readonly KnownFinding[],
  known: readonly KnownFinding[],
  ledger: Ledger,
): Promise<Change[]> {
  if (describeAll(findings) !== describeAll(known)) await ledger.put(appKey(app, 'findings'), { findings });
  return [
    ...without(findings, known).map((one) => ({ app, ...one })),
    ...without(known, findings).map((one) => ({ app, ...one, isGone: true as const })),
  ];
}

const describeAll = (findings: readonly KnownFinding[]) =>
  findings.map((one) => `${identify(one)} ${one.says}`).join('\n');

function without(these: readonly KnownFinding[], those: readonly KnownFinding[]): KnownFinding[] {
  const others = new Set(those.map(identify));
  return these.filter((one) => !others.has(identify(one)));
}
