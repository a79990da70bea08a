import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Samples the command lines of every process of this machine, hosts' and containers' included, until it is asked for them. */
export async function sampleProcesses(): Promise<{ end(): Promise<string[]> }> {
  const script = join(import.meta.dirname, 'sample-processes.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
  await once(child.stdout, 'data');
  return {
    async end() {
      child.stdin.end();
      await once(child, 'close');
      return JSON.parse(output.slice(output.indexOf('\n') + 1)) as string[];
    },
  };
}
