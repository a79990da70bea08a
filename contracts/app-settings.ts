import type { AppConfig, HostGroupConfig } from './config.ts';

/** What the Lambdas know of an app: its validated configuration and that of its hosts, written beside the bundle at synth. */
export interface AppSettings extends AppConfig {
  readonly hostTag: HostGroupConfig['tag'];
  readonly volume: HostGroupConfig['volume'];
}
