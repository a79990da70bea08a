import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `npm run bench` takes all figures, `npm run bench -- synth` one of them. */
const all = ['bundles', 'synth', 'push-to-live', 'database', 'build'];
const asked = process.argv.slice(2);

for (const name of asked.length > 0 ? asked : all) {
  const script = join(import.meta.dirname, `${name}.ts`);
  if (!all.includes(name) || !existsSync(script)) {
    console.error(`There is no figure ${name}: use ${all.join(', ')}`);
    process.exit(1);
  }
  console.error(`\n${name}`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', script], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
