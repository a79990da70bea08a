import { groupBy } from '../group-by.ts';
import type { Counts } from '../load/load-report.ts';
import type { HostReport, LoadSummary } from './report.ts';

/** `v2` if all hosts answer so, else `v2 (i-1, i-2), v1 (i-3)`. */
export function servingOf(hosts: readonly HostReport[]): string {
  const byAnswer = groupBy(hosts, ({ serving }) => serving);
  if (byAnswer.size === 1) return hosts[0]!.serving;
  const named = [...byAnswer].map(
    ([answer, some]) => `${answer} (${some.map(({ instanceId }) => instanceId).join(', ')})`,
  );
  return named.join(', ');
}

export function summarizeLoad(counts: Counts): LoadSummary {
  const { requests, failed, resets, truncatedStreams, webSocketsWithoutCloseFrame, p50Ms, p99Ms } = counts;
  return { requests, failed, resets, truncatedStreams, webSocketsWithoutCloseFrame, p50Ms, p99Ms };
}

/** Of all hosts that had load; null if none had. */
export function totalLoad(hosts: readonly HostReport[]): LoadSummary | null {
  const loads = hosts.flatMap(({ load }) => load ?? []);
  if (loads.length === 0) return null;
  const sum = (name: keyof LoadSummary) => loads.reduce((total, load) => total + load[name], 0);
  const worst = (name: keyof LoadSummary) => Math.max(...loads.map((load) => load[name]));
  return {
    requests: sum('requests'),
    failed: sum('failed'),
    resets: sum('resets'),
    truncatedStreams: sum('truncatedStreams'),
    webSocketsWithoutCloseFrame: sum('webSocketsWithoutCloseFrame'),
    p50Ms: worst('p50Ms'),
    p99Ms: worst('p99Ms'),
  };
}

/** Failed requests, and streams and sockets that were cut. */
export const lostOf = ({ failed, resets, truncatedStreams, webSocketsWithoutCloseFrame }: LoadSummary) =>
  failed + resets + truncatedStreams + webSocketsWithoutCloseFrame;
