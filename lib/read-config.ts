import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidConfigError, parseConfig, type EdgePaasConfig } from '../contracts/config.ts';
import { oneLine } from '../contracts/failure.ts';

/** Reads and checks a configuration file. Throws InvalidConfigError, whose message is for a person. */
export async function readConfig(file: string): Promise<EdgePaasConfig> {
  const path = resolve(file);
  if (!existsSync(path))
    throw invalid(file, 'there is no such file: copy edgepaas.config.ts to it, or name another');
  const { default: config } = await load(path, file);
  if (config === undefined)
    throw invalid(file, 'has no default export: write `export default defineConfig({ ... })`');
  return parseConfig(config, file);
}

async function load(path: string, file: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    throw invalid(file, `cannot be read as TypeScript: ${oneLine(String(cause))}`, { cause });
  }
}

function invalid(file: string, problem: string, options?: ErrorOptions): InvalidConfigError {
  return new InvalidConfigError(`${file} is not valid (invalid-config):\n  ${problem}`, options);
}
