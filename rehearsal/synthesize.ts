import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { repositoryRoot } from './cache/folders.ts';

/** Runs the CDK app as `cdk synth` does and gives the folder of the assembly. Throws with what the app printed. */
export async function synthesize(configFile: string, folder: string, signal?: AbortSignal): Promise<string> {
  await mkdir(folder, { recursive: true });
  const environment = {
    ...process.env,
    CDK_OUTDIR: folder,
    CDK_CONTEXT_JSON: JSON.stringify({ ...(await readContext()), config: configFile }),
  };
  try {
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bin/edgepaas.ts'], {
      cwd: repositoryRoot,
      env: environment,
      signal,
    });
  } catch (error) {
    throw new Error((error as { stderr?: string }).stderr?.trim() || String(error), { cause: error });
  }
  return folder;
}

async function readContext(): Promise<Record<string, unknown>> {
  const { default: cdk } = (await import('../cdk.json', { with: { type: 'json' } })) as {
    default: { context: Record<string, unknown> };
  };
  return cdk.context;
}
