import type { AppState } from './app-state.ts';

/** A command that asked hosts how they are, and those whose answer is still to come. */
export interface Look {
  readonly commandId: string;
  readonly hosts: readonly string[];
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** In the ledger, at the app's `check`: what the check of its hosts has asked, and when each answered. A host has some 60 bytes of it. */
export interface HostCheck {
  /** What it was learned under: as soon as another deployment has been at work, nothing of it holds. */
  readonly fence: number;
  /** Of the current release; an empty text while there is none. */
  readonly digest: string;
  readonly looks: readonly Look[];
  /** Epoch milliseconds. */
  readonly answeredAt: Readonly<Record<string, number>>;
  /** When catch-ups of a host to this release were started, in epoch milliseconds. */
  readonly catchUps: Readonly<Record<string, readonly number[]>>;
}

/** What is known already, or a new beginning. Only the attempts to heal outlive a deployment of the same release. */
export function checkOf(known: HostCheck | undefined, { lease, current }: AppState): HostCheck {
  const [fence, digest] = [lease!.fence, current.digest ?? ''];
  if (known?.fence === fence && known.digest === digest) return known;
  const catchUps = known?.digest === digest ? known.catchUps : {};
  return { fence, digest, looks: [], answeredAt: {}, catchUps };
}

const minute = 60_000;
/** A host that serves the current release is looked at so often. */
const period = 15 * minute;
const leastAtOnce = 50;

/**
 * Whom to ask now: at once who has not answered since the last deployment; who was found in drift, the less often the longer it
 * lasts; and of the others those that answered longest ago, spread so that a thousand do not come at once.
 */
export function dueHosts(
  online: readonly string[],
  { looks, answeredAt }: HostCheck,
  /** Since when a host is in drift, in epoch milliseconds. */
  driftSince: ReadonlyMap<string, number>,
  now: number,
): string[] {
  const asked = new Set(looks.flatMap(({ hosts }) => hosts));
  const free = online.filter((host) => !asked.has(host));
  const isDue = (host: string) => now - (answeredAt[host] ?? 0) >= patience(driftSince.get(host), now);
  const isCalm = (host: string) => host in answeredAt && !driftSince.has(host);
  const due = free.filter(isDue);
  const calm = due.filter(isCalm).sort((one, other) => answeredAt[one]! - answeredAt[other]!);
  const most = Math.max(leastAtOnce, Math.ceil((online.length * minute) / period));
  return [...due.filter((host) => !isCalm(host)), ...calm.slice(0, most)];
}

const patience = (since: number | undefined, now: number) =>
  since === undefined ? period : Math.min(period, (now - since) / 2);
