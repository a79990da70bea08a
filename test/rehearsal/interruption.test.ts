import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';

/** Stops a simulated rehearsal when its output says `text`; gives how it ended and what it said on stderr. */
async function stopWhen(text: RegExp, stop: (rehearsal: ChildProcess) => unknown) {
  const args = ['--import', 'tsx', 'rehearsal/main.ts', '--simulated'];
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const rehearsal = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(rehearsal, 'close') as Promise<[number | null]>;
  let said = '';
  rehearsal.stderr.on('data', (chunk: Buffer) => (said += chunk));
  const lines = createInterface({ input: rehearsal.stdout });
  lines.on('line', (line) => text.test(line) && stop(rehearsal));
  const [code] = await ended;
  return { code, said };
}

describe('A rehearsal that is interrupted', () => {
  it.each([
    ['SIGTERM', 143, /SIMULATED/],
    ['SIGINT', 130, /AcquireLease/],
  ] as const)('by %s cleans up and ends with %i', async (signal, code, moment) => {
    const ended = await stopWhen(moment, (rehearsal) => rehearsal.kill(signal));
    expect(ended.code).toBe(code);
    expect(ended.said.trim()).toBe('Interrupted: cleaning up, which takes a moment...');
  });

  it('by a reader that has seen enough does so too', async () => {
    const ended = await stopWhen(/SIMULATED/, (rehearsal) => rehearsal.stdout?.destroy());
    expect(ended.code).toBe(141);
    expect(ended.said.trim()).toBe('Interrupted: cleaning up, which takes a moment...');
  });
});
