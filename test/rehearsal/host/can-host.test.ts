import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const canHost = join(import.meta.dirname, '../../../rehearsal/host/can-host.ts');

/** What another process says is missing: `before` changes what it finds, `prefix` what it may do. */
function missingIn(prefix: readonly string[], before = ''): string[] {
  const code = `${before}; import(${JSON.stringify(canHost)}).then((it) => {
    console.log(JSON.stringify(it.missingForRealHost())); process.exit(); })`;
  const [command = '', ...args] = [...prefix, process.execPath, '--import', 'tsx', '-e', code];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

const isRoot = process.getuid?.() === 0;

describe('whether this machine can hold a real host', () => {
  it('is no without root, and says so', () => {
    expect(missingIn([], 'process.getuid = () => 1000')).toEqual(['root']);
  });

  it('is no away from Linux, and says so', () => {
    expect(missingIn([], `Object.defineProperty(process, 'platform', { value: 'darwin' })`)).toEqual([
      'Linux',
    ]);
  });

  it.skipIf(!isRoot)(
    `is no while a server has port 443 on all addresses${isRoot ? '' : ' (skipped: needs root)'}`,
    () => {
      const occupied = `const net = await import('node:net');
      await new Promise((resolve) => net.createServer().listen(443, resolve))`;
      expect(missingIn(['unshare', '--net'], occupied)).toEqual([
        'port 443 free of a server that listens on all addresses',
      ]);
    },
  );

  it.skipIf(!isRoot)(
    `is no where root may not mount the disk${isRoot ? '' : ' (skipped: needs root)'}`,
    () => {
      expect(missingIn(['unshare', '--user', '--map-root-user'])).toContain('loop devices that it may mount');
    },
  );
});
