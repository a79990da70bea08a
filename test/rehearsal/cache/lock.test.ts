import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../rehearsal/cache/lock.ts';

describe('the lock of the cache', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgepaas-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets one work at a time', async () => {
    const order: string[] = [];
    let second: Promise<void> | undefined;
    await withLock(path, async () => {
      second = withLock(path, async () => void order.push('second'));
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push('first ends');
    });
    await second;
    expect(order).toEqual(['first ends', 'second']);
  });

  it('is free again after a failure', async () => {
    const broken = withLock(path, () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    expect(await withLock(path, () => Promise.resolve('done'))).toBe('done');
  });

  it('is taken over from an owner that has died, even if its pid lives on in another process', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: '1' }));
    expect(await withLock(path, () => Promise.resolve('done'))).toBe('done');
  });
});
