import type { AppConfig, HostGroupConfig } from './config.ts';
import type { PhaseName } from './phase-name.ts';

/** What the Lambdas know of an app: its validated configuration and that of its hosts, written beside the bundle at synth. */
export interface AppSettings extends AppConfig {
  readonly hostTag: HostGroupConfig['tag'];
  readonly volume: HostGroupConfig['volume'];
  /** Seconds after which the graph gives up on a phase: delivery + execution + one sweep, and a margin. */
  readonly taskTimeouts: Readonly<Record<PhaseName, number>>;
}
