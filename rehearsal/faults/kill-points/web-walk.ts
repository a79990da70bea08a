import type { PhaseName } from '../../../contracts/phase-name.ts';
import type { Image } from '../../images/image.ts';
import { valuesOf } from '../../phases/values.ts';
import type { PhaseHost, Values } from '../../phases/phase-host.ts';
import type { Expected, Occupant } from './allowed.ts';
import type { Slot } from './survey.ts';

const isUndone = (receipt: string) => /\/(start-candidate|switch-traffic|bake)\.json$/.test(receipt);
const otherThan = (slot: Slot | undefined): Slot => (slot === 'blue' ? 'green' : 'blue');

/** One deployment of the app web, and what its phases make of the host. */
export class WebWalk {
  readonly values: Values;
  readonly #occupant: Omit<Occupant, 'slot'>;
  #expected: Expected;
  /** As it was, where the candidate may not have come so far as to take its place. */
  #otherBefore: Expected['other'];

  constructor(host: PhaseHost, fence: number, image: Image, before: Expected) {
    const values = valuesOf(host, fence, image);
    this.values = { ...values, drainTimeout: '1', bakeSeconds: '1', stopTimeout: '2' };
    this.#occupant = { deploymentId: values.deploymentId!, buildVersion: values.buildVersion! };
    this.#expected = { ...before, receipts: [], isTidy: false };
  }

  /** A phase was killed, and the way back comes next. */
  leave(phase: PhaseName): void {
    if (phase === 'start-candidate') this.#otherBefore = this.#expected.other;
  }

  /** A phase has come to its end: what is allowed now. */
  finish(phase: PhaseName): Expected[] {
    const expected = { ...this.#expected, ...this.#after(phase), isTidy: phase === 'retire' };
    const own = `${this.#occupant.deploymentId}/${phase}.json`;
    const receipts =
      phase === 'revert' ? expected.receipts.filter((name) => !isUndone(name)) : expected.receipts;
    this.#expected = { ...expected, receipts: phase === 'inspect' ? receipts : [...receipts, own] };
    const spared = phase === 'revert' && this.#otherBefore && { ...this.#expected, other: this.#otherBefore };
    return spared ? [this.#expected, spared] : [this.#expected];
  }

  #after(phase: PhaseName): Partial<Expected> {
    const { live, other } = this.#expected;
    switch (phase) {
      case 'start-candidate':
        return { other: { ...this.#occupant, slot: otherThan(live?.slot), state: 'running' } };
      case 'switch-traffic':
        return { live: other, other: live && { ...live, state: 'running' } };
      case 'retire':
        return { other: other && { ...other, state: 'exited' } };
      case 'revert':
        return this.#isLive ? { live: other, other: undefined } : { other: undefined };
      default:
        return {};
    }
  }

  get #isLive(): boolean {
    return this.#expected.live?.deploymentId === this.#occupant.deploymentId;
  }
}
