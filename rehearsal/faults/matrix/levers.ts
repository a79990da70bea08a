import type { AskRegistryFault } from '../../host/real/registry-fault.ts';
import type { RehearsalOptions } from '../../rehearsal.ts';

type Wanted = Required<Pick<RehearsalOptions, 'functionFault' | 'callFault' | 'clockOffset'>>;
type Ssm = NonNullable<RehearsalOptions['faults']>;

/** What can go wrong in AWS, for as long as a cell asks for it. */
export class Levers {
  functionFault: Wanted['functionFault'] | undefined;
  callFault: Wanted['callFault'] | undefined;
  clockOffset: Wanted['clockOffset'] | undefined;
  registryFault: AskRegistryFault | undefined;
  delivery: Ssm['delivery'] | undefined;
  statusEvent: Ssm['event'] | undefined;

  /** A rehearsal has its faults from its start on; these ask the levers as they stand. */
  readonly options: Required<
    Pick<RehearsalOptions, 'faults' | 'functionFault' | 'callFault' | 'clockOffset'>
  > = {
    functionFault: (...asked) => this.functionFault?.(...asked),
    callFault: (...asked) => this.callFault?.(...asked),
    clockOffset: (handler) => this.clockOffset?.(handler) ?? 0,
    faults: {
      delivery: (...asked) => this.delivery?.(...asked),
      event: (...asked) => this.statusEvent?.(...asked),
    },
  };

  /** The same, of the stage. */
  readonly askRegistry: AskRegistryFault = (...asked) => this.registryFault?.(...asked);

  release(): void {
    this.functionFault = undefined;
    this.callFault = undefined;
    this.clockOffset = undefined;
    this.registryFault = undefined;
    this.delivery = undefined;
    this.statusEvent = undefined;
  }
}
