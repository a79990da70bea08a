import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { Child } from '../../../rehearsal/load/child.ts';

function start(): Child {
  const child = new Child(join(import.meta.dirname, 'child-fixture.ts'));
  onTestFinished(() => child.kill());
  return child;
}

it('answers calls in its own process, and says why one failed', async () => {
  const child = start();
  expect(await child.call('echo', { words: 'there and back' })).toEqual({ words: 'there and back' });
  expect(await child.call('pid')).not.toBe(process.pid);
  await expect(child.call('fail')).rejects.toThrow('as told');
  await expect(child.call('unknown')).rejects.toThrow('unknown');
});

it('tells every caller when it dies, and those who call later', async () => {
  const child = start();
  await child.call('pid');
  const [never, die] = [child.call('never'), child.call('die')];
  await expect(never).rejects.toThrow(/child-fixture.ts ended with 3/);
  await expect(die).rejects.toThrow(/ended with 3/);
  await expect(child.call('pid')).rejects.toThrow();
});

it('does not outlive its parent, however that ends', async () => {
  const path = join(import.meta.dirname, 'parent-fixture.ts');
  const parent = spawn(process.execPath, ['--import', 'tsx', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  expect(isRunning(Number(pid))).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
