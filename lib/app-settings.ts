import type { AppSettings } from '../contracts/app-settings.ts';
import type { EdgePaasConfig } from '../contracts/config.ts';
import { phaseNames } from '../contracts/phase-name.ts';
import { taskTimeoutSeconds } from '../contracts/phase.ts';
import { phases } from '../contracts/phases/index.ts';

/** Each app with the tags of its hosts and volume: what the Lambdas need to know of the configuration. */
export function appSettings(config: EdgePaasConfig): AppSettings[] {
  return config.apps.map((app) => {
    const group = config.hosts[app.hosts]!;
    const taskTimeouts = Object.fromEntries(
      phaseNames.map((name) => [name, taskTimeoutSeconds(phases[name], app)]),
    ) as AppSettings['taskTimeouts'];
    return { ...app, hostTag: group.tag, volume: group.volume, taskTimeouts };
  });
}
