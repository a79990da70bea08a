import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHandlers } from '../lib/bundle-handlers.ts';
import { readConfig } from '../lib/read-config.ts';
import { record } from './record.ts';

/** Bytes of each Lambda's index.mjs. */
const bundles = bundleHandlers(await readConfig('edgepaas.config.ts'));
const sizes = readdirSync(bundles.folder).map((name) => [
  name,
  statSync(join(bundles.folder, name, 'index.mjs')).size,
]);
bundles.remove();
record('bundles', { bytes: Object.fromEntries(sizes) });
