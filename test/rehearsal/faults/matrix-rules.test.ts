import { describe, expect, it } from 'vitest';
import {
  either,
  goesOn,
  isClosed,
  isRefused,
  isRight,
  isStuck,
  leavesTheOld,
} from '../../../rehearsal/faults/matrix/endings.ts';
import { cells } from '../../../rehearsal/faults/matrix/cells.ts';
import type { Excuse } from '../../../rehearsal/faults/matrix/scene.ts';
import { sortFaults } from '../../../rehearsal/faults/matrix/sort-faults.ts';

describe('the right ending', () => {
  it('of what was cut short is that of a deployment without a fault', () => {
    expect(isRight(goesOn('bake'), 'Succeeded', null)).toBe(true);
    expect(isRight(goesOn('bake'), 'RolledBack', 'candidate-died')).toBe(false);
    expect(isRight(goesOn('revert'), 'RolledBack', 'candidate-died')).toBe(true);
    expect(isRight(goesOn('revert'), 'Inconsistent', 'candidate-died')).toBe(false);
  });

  it('of a refusal is Failed before the switch, RolledBack after it, and by its own failure', () => {
    const refused = isRefused('disk-full');
    expect(isRight(refused('pull-release'), 'Failed', 'disk-full')).toBe(true);
    expect(isRight(refused('pull-release'), 'Failed', 'phase-crashed')).toBe(false);
    expect(isRight(refused('pull-release'), 'RolledBack', 'disk-full')).toBe(false);
    expect(isRight(refused('bake'), 'RolledBack', 'disk-full')).toBe(true);
    expect(isRight(refused('bake'), 'Failed', 'disk-full')).toBe(false);
    expect(isRight(refused('retire'), 'Succeeded', null)).toBe(true);
  });

  it('is Inconsistent only where the way back was made impossible', () => {
    const promised = either(goesOn, isStuck('disk-full'));
    expect(isRight(promised('revert'), 'Inconsistent', 'candidate-died')).toBe(true);
    expect(isRight(promised('bake'), 'Inconsistent', 'candidate-died')).toBe(false);
    expect(isRight(promised('bake'), 'Inconsistent', 'disk-full')).toBe(true);
    expect(isRight(promised('pull-release'), 'Inconsistent', 'disk-full')).toBe(false);
  });

  it('of an execution that a person stopped follows from what was committed', () => {
    expect(isRight(isClosed('bake'), 'RolledBack', 'phase-cancelled')).toBe(true);
    expect(isRight(isClosed('retire'), 'Succeeded', null)).toBe(true);
  });

  it('is no success without a warning where the release before could not be stopped', () => {
    expect(isRight(goesOn('retire'), 'Succeeded', 'retire-failed')).toBe(false);
    expect(isRight(leavesTheOld('retire'), 'Succeeded', 'retire-failed')).toBe(true);
    expect(isRight(leavesTheOld('retire'), 'Succeeded', null)).toBe(false);
  });

  it('is known of every case', () => {
    for (const { name, fault, place } of cells) expect(fault.promise(place), name).not.toEqual([]);
  });
});

describe('what clients lost', () => {
  const fault = (begun: number, at: number) =>
    ({ at, kind: 'post', reason: 'reset', detail: '', ms: at - begun }) as const;
  const killed: Excuse = { why: 'container killed', from: 1000, until: 6000 };

  it('was under way in what was killed, or begun until it was back, or has no excuse', () => {
    const faults = [fault(900, 1000), fault(1100, 1110), fault(900, 990), fault(6001, 6002)];
    const { inFlight, down, failed, lastAt } = sortFaults(faults, [killed]);
    expect(inFlight).toEqual([faults[0]]);
    expect(down).toEqual([faults[1]]);
    expect(failed).toEqual([faults[2], faults[3]]);
    expect(lastAt).toBe(6002);
  });

  it('has no excuse where nothing was killed', () => {
    expect(sortFaults([fault(1, 2)], []).failed).toHaveLength(1);
    expect(sortFaults([], [killed]).lastAt).toBe(0);
    const uploadsOnly: Excuse = { ...killed, why: 'root disk full', kinds: ['upload'] };
    expect(sortFaults([fault(1100, 1110)], [uploadsOnly]).failed).toHaveLength(1);
  });
});
