import type { FailureId } from '../../contracts/failure.ts';
import { phaseNames } from '../../contracts/phase-name.ts';
import type { DeliveryFault } from '../aws/default-bus.ts';
import type { BusEvent } from '../aws/event-bus.ts';
import type { DeliveryFate } from '../aws/ssm-dispatch.ts';
import type { EventFate } from '../aws/ssm-events.ts';
import type { Fault, FaultTime, PlannedFault } from '../host/simulated/faults.ts';
import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import type { FunctionFault } from './in-process-functions.ts';

const minute = 60_000;

/** Everything that goes wrong in a schedule, drawn from one seed. In calm weather nothing does. */
export class Weather {
  readonly calm: boolean;
  /** Until then something that was held back may still arrive. */
  lastArrival = 0;
  /** No more faults: what is left must mend itself. */
  over = false;
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(random: () => number, now: () => number) {
    this.#random = random;
    this.#now = now;
    this.calm = random() < 0.2;
  }

  /** A push's own event, a status change, a schedule. Late by up to an hour, twice, or never. */
  event = ({ source }: BusEvent): DeliveryFault | undefined => {
    if (!this.#strikes(0.12) || source === 'aws.events') return undefined;
    return this.#pick<() => DeliveryFault>([
      () => ({ drop: true }),
      () => ({ copies: 2 }),
      () => ({ delayMilliseconds: this.#late() }),
    ])();
  };

  statusEvent = (): EventFate | undefined => {
    if (!this.#strikes(0.15)) return undefined;
    return this.#pick<() => EventFate>([
      () => ({ drop: true }),
      () => ({ copies: 2 }),
      () => ({ delayMs: this.#late() }),
    ])();
  };

  delivery = (): DeliveryFate | undefined => {
    if (!this.#strikes(0.03)) return undefined;
    return this.#pick<DeliveryFate>([
      { resultLost: true },
      { undeliverable: true },
      { delayMs: this.#random() * minute },
    ]);
  };

  function = (): FunctionFault | undefined =>
    this.#strikes(0.03) ? this.#pick(['throttled', 'crashes-before', 'crashes-after']) : undefined;

  /** For one host, all at once: which run of which phase meets what. */
  hostFaults(): PlannedFault[] {
    if (this.calm) return [];
    return phaseNames.flatMap((phase) =>
      [1, 2, 3, 4]
        .filter(() => this.#random() < 0.04)
        .map((occurrence) => ({ phase, occurrence, fault: this.#hostFault() })),
    );
  }

  image(): ImageBehaviour {
    const chance = this.#random();
    if (chance < 0.75) return {};
    return this.#pick<ImageBehaviour>([
      { neverHealthy: true },
      { notRunnable: true },
      { diesAfterSwitchMs: this.#random() * 2000 },
      { errorRate: 0.5 },
    ]);
  }

  #hostFault(): Fault {
    const when = this.#pick<FaultTime>(['before', 'before-receipt', 'before-answer', { afterSteps: 1 }]);
    const failure = this.#pick<FailureId>(['phase-crashed', 'host-busy', 'disk-full']);
    return this.#pick<Fault>([
      { kind: 'fail', failure },
      { kind: 'killed', when },
      { kind: 'host-down', when },
      { kind: 'hang', when },
      { kind: 'garbage', stdout: 'Segmentation fault' },
      { kind: 'slow', ms: this.#random() * 20_000 },
    ]);
  }

  #strikes = (share: number) => !this.calm && !this.over && this.#random() < share;

  #late(): number {
    const milliseconds = this.#random() < 0.1 ? this.#random() * 60 * minute : this.#random() * 2 * minute;
    this.lastArrival = Math.max(this.lastArrival, this.#now() + milliseconds);
    return milliseconds;
  }

  #pick = <T>(from: readonly T[]): T => from[Math.floor(this.#random() * from.length)]!;
}
