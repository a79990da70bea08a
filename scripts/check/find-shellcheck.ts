import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCheck } from './run-check.ts';

const folder = join(import.meta.dirname, '..', '..', '.cache', 'shellcheck');
const unpack = join(import.meta.dirname, '..', 'unpack-package.sh');
const fetched = join(folder, 'usr', 'bin', 'shellcheck');

/** The machine's shellcheck, or Debian's, unpacked into the cache folder: that needs no root and changes nothing else. */
export async function findShellcheck(): Promise<string | undefined> {
  if (await works('shellcheck')) return 'shellcheck';
  if (!existsSync(fetched)) await runCheck('sh', [unpack, 'shellcheck', folder]);
  return (await works(fetched)) ? fetched : undefined;
}

const works = async (program: string) => (await runCheck(program, ['--version'])).ok;
