import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { removeLeftovers } from '../../../rehearsal/host/real/run-folder.ts';
import { runCommand } from '../../../rehearsal/host/real/run-command.ts';
import { createHost, describeRealHost, volumeId } from './fixture.ts';

const volume = { volumeId, sizeGiB: 1, content: 'ext4', attached: true } as const;

/** All of this machine that names the hosts of a process; other runs may have theirs at the same time. */
async function tracesOf(pid: number): Promise<string[]> {
  const loops = await runCommand('losetup', ['--noheadings', '--output', 'BACK-FILE']);
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const processes = await runCommand('ps', ['-eo', 'args=']);
  const lines = `${loops}\n${mounts}\n${processes}`.split('\n').filter((line) => line.includes(`/${pid}-`));
  return [...lines, ...cgroupsOf(pid)];
}

function cgroupsOf(pid: number): string[] {
  return readdirSync('/sys/fs/cgroup', { withFileTypes: true, recursive: false })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      name.startsWith(`edgepaas-${pid}-`) ? [name] : readdirSync(join('/sys/fs/cgroup', name)),
    )
    .filter((name) => name.startsWith(`edgepaas-${pid}-`));
}

const linkNames = async () => (await runCommand('ip', ['-oneline', 'link'])).match(/edgepaas\d+/g) ?? [];

describeRealHost('what a real rehearsal host leaves on the machine', () => {
  it('is nothing, once it is destroyed', async () => {
    const mountsBefore = readFileSync('/proc/self/mounts', 'utf8');
    const host = await createHost({ volume });
    const link = `edgepaas${host.gatewayAddress.split('.')[2]}`;
    expect(await tracesOf(process.pid)).not.toEqual([]);
    expect(await linkNames()).toContain(link);
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(mountsBefore);
    await host.destroy();
    expect(await tracesOf(process.pid)).toEqual([]);
    expect(await linkNames()).not.toContain(link);
  });

  it('is nothing, when the rehearsal is killed', async () => {
    const run = startRun();
    const link = await run.firstLine;
    expect(await tracesOf(run.pid)).not.toEqual([]);
    process.kill(run.pid, 'SIGKILL');
    await expect.poll(() => tracesOf(run.pid)).toEqual([]);
    expect(await linkNames()).not.toContain(link);
  });

  it('is found by the next run, when even that was prevented', () => {
    const runs = mkdtempSync(join(tmpdir(), 'edgepaas-runs-'));
    const orphan = join(runs, '999999999-1');
    const own = join(runs, `${process.pid}-${readFileSync('/proc/self/stat', 'utf8').split(' ')[21]}`);
    mkdirSync(join(orphan, 'edgepaas-999999999-250'), { recursive: true });
    mkdirSync(own);
    removeLeftovers(runs);
    expect([existsSync(orphan), existsSync(own)]).toEqual([false, true]);
    rmSync(runs, { recursive: true });
  });
});

/** Another process with a host, which tells the name of the host's link. */
function startRun(): { pid: number; firstLine: Promise<string> } {
  const fixture = join(import.meta.dirname, 'fixture-run.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', fixture], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return { pid: child.pid!, firstLine: new Promise((resolve) => lines.once('line', resolve)) };
}
