import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HurriedClock } from '../../rehearsal/hurried-clock.ts';

const hour = 3_600_000;
let clock: HurriedClock;
let fired: string[];
let undo: (() => void)[];
beforeEach(() => {
  clock = new HurriedClock();
  fired = [];
  undo = [];
});
afterEach(() => undo.forEach((step) => step()));

const note = (name: string, milliseconds: number, then = () => {}) =>
  clock.after(milliseconds, () => {
    fired.push(name);
    then();
  });
const hurry = (isIdle: () => boolean) => {
  const stop = clock.hurry(isIdle);
  undo.push(stop);
  return stop;
};

it('is this machine’s clock until somebody puts it ahead', async () => {
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  await new Promise<void>((resolve) => void clock.after(20, resolve));
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
});

describe('skip', () => {
  it('puts it ahead, and what is due meanwhile happens in order and at its time', async () => {
    const began = clock.now();
    const late: number[] = [];
    const at = () => void late.push(clock.now() - began);
    note('third', 3 * hour, at);
    note('first', hour, () => void note('second', hour, at));
    note('never', 2.5 * hour)();
    undo.push(note('later', 5 * hour));
    await clock.skip(4 * hour);
    expect(fired).toEqual(['first', 'second', 'third']);
    expect(late.map((time) => Math.round(time / hour))).toEqual([2, 3]);
    expect(Math.round((clock.now() - began) / hour)).toBe(4);
  });

  it('waits after each for what it set off', async () => {
    let isBusy = false;
    note('first', hour, () => {
      isBusy = true;
      setTimeout(() => {
        fired.push('work done');
        isBusy = false;
      }, 50);
    });
    note('second', 2 * hour);
    await clock.skip(3 * hour, () => !isBusy);
    expect(fired).toEqual(['first', 'work done', 'second']);
  });

  it('brings nearer what is set already', async () => {
    const soon = new Promise<void>((resolve) => void clock.after(hour + 20, resolve));
    await clock.skip(hour);
    await soon;
  });
});

describe('hurry', () => {
  it('jumps from one timer to the next while all is idle', async () => {
    const began = clock.now();
    hurry(() => true);
    await new Promise<void>((resolve) => void note('first', hour, () => void note('second', hour, resolve)));
    expect(fired).toEqual(['first', 'second']);
    expect(Math.round((clock.now() - began) / hour)).toBe(2);
  });

  it('lets time pass as it does while something is at work, and when it is told to stop', async () => {
    let isBusy = true;
    const stop = hurry(() => !isBusy);
    undo.push(note('late', hour));
    await new Promise<void>((resolve) => void clock.after(60, resolve));
    stop();
    isBusy = false;
    await new Promise<void>((resolve) => void clock.after(60, resolve));
    expect(fired).toEqual([]);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  });
});
