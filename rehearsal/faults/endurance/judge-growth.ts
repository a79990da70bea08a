import type { HostMeasure } from './measure-host.ts';

/** Deployments after which everything that is ever there once is there. */
const settled = 3;

const mebibyte = 2 ** 20;

/** What may come and go between two deployments. */
const slack: Readonly<Record<keyof HostMeasure, number>> = {
  // Less than two releases have of their own.
  volume: 10 * mebibyte,
  // The access log of the load itself, which is rotated at 16 MiB.
  root: 24 * mebibyte,
  // Go's collector lets memory grow before it looks.
  memory: 24 * mebibyte,
};

/** A sentence for everything of which the last quarter of the deployments has more in use than the first. */
export function judgeGrowth(measures: readonly HostMeasure[]): string[] {
  return (Object.keys(slack) as (keyof HostMeasure)[]).flatMap((what) => {
    const { first, last } = quarters(measures, what);
    if (last - first <= slack[what]) return [];
    return [
      `${what} grows: ${mebibytes(first)} MiB in the first deployments, ${mebibytes(last)} MiB in the last`,
    ];
  });
}

/** The mean of the first and of the last quarter, without the very first deployments. */
export function quarters(measures: readonly HostMeasure[], what: keyof HostMeasure) {
  const values = measures.slice(settled).map((measure) => measure[what]);
  const length = Math.max(1, Math.floor(values.length / 4));
  return { first: mean(values.slice(0, length)), last: mean(values.slice(-length)) };
}

export const mebibytes = (bytes: number): number => Math.round(bytes / mebibyte);

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
