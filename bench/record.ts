import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

/** Prints the figures and writes bench/results/<name>.json with what they were measured on. */
export function record(name: string, figures: object): void {
  const machine = { cores: cpus().length, kernel: release(), node: process.version };
  const text = `${JSON.stringify({ ...figures, machine, at: new Date().toISOString() }, null, 2)}\n`;
  writeFileSync(join(import.meta.dirname, 'results', `${name}.json`), text);
  process.stdout.write(text);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Milliseconds of each run of something. */
export async function time(runs: number, run: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < runs; count += 1) {
    const began = performance.now();
    await run();
    times.push(Math.round(performance.now() - began));
  }
  return times;
}
