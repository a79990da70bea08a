import type { AppSettings } from '../contracts/app-settings.ts';
import type { EdgePaasConfig } from '../contracts/config.ts';

/** Each app with the tags of its hosts and volume: what the Lambdas need to know of the configuration. */
export function appSettings(config: EdgePaasConfig): AppSettings[] {
  return config.apps.map((app) => {
    const group = config.hosts[app.hosts]!;
    return { ...app, hostTag: group.tag, volume: group.volume };
  });
}
