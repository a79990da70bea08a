import { expect, it } from 'vitest';
import { Schedule } from '../../../rehearsal/load/schedule.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

it('keeps its rate, and catches up with what a busy process missed', async () => {
  const due: number[] = [];
  const schedule = new Schedule();
  schedule.every(200, (dueAt) => due.push(dueAt));
  const begin = performance.now();
  await wait(100);
  block(100);
  await wait(100);
  schedule.stop();
  const expected = (performance.now() - begin) / 5;
  expect(due.length).toBeGreaterThan(expected - 5);
  expect(due.length).toBeLessThan(expected + 2);
  const gaps = due.slice(1).map((at, index) => at - due[index]!);
  expect(Math.max(...gaps)).toBeCloseTo(5, 5);
  expect(schedule.maxLagMs).toBeGreaterThan(80);
});

it('fires nothing once it is stopped, and nothing at rate 0', async () => {
  const schedule = new Schedule();
  let fired = 0;
  schedule.every(0, () => (fired += 1000));
  const first = new Promise<void>((resolve) => schedule.every(500, () => (fired++, resolve())));
  await first;
  schedule.stop();
  const before = fired;
  await wait(20);
  expect(fired).toBe(before);
});
