import { readFileSync } from 'node:fs';
import type { AppSettings } from '../../contracts/app-settings.ts';

/** The apps of edgepaas.config.ts, validated at synth and written beside the bundle. */
export const readApps = (): AppSettings[] =>
  JSON.parse(readFileSync(new URL('./apps.json', import.meta.url), 'utf8')) as AppSettings[];
