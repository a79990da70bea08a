import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receipt } from '../../../contracts/receipt.ts';
import { findProblems, type Expected } from '../../../rehearsal/faults/kill-points/allowed.ts';
import { drawWalk, usualSteps, walkNames } from '../../../rehearsal/faults/kill-points/draw.ts';
import { Ground } from '../../../rehearsal/faults/kill-points/ground.ts';
import { countSteps } from '../../../rehearsal/faults/kill-points/killable-host.ts';
import { runDatabaseWalk, runWebWalk } from '../../../rehearsal/faults/kill-points/run-walk.ts';
import type { Survey } from '../../../rehearsal/faults/kill-points/survey.ts';
import { describeRealHost } from '../host/fixture.ts';

const seed = 1;
/** Of those that `npm run faults` runs, in the order in which they run here, and what ever failed among them: back 17. */
const slice = ['forward 1', 'back 2', 'database 1', 'forward 2', 'back 17'];

describe('the kill points of a seed', () => {
  const drawn = (of: number) => walkNames().map((name) => drawWalk(name, of));

  it('are the same each time, others for another seed, and more than 300 in all phases', () => {
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(2)).not.toEqual(drawn(1));
    for (const each of [1, 2, 3]) {
      const killed = drawn(each).flatMap(({ phases }) => phases.filter(({ kills }) => kills.length > 0));
      expect(killed.flatMap(({ kills }) => kills).length).toBeGreaterThan(300);
      expect(new Set(killed.map(({ phase }) => phase)).size).toBe(Object.keys(usualSteps).length);
    }
  });
});

describe('a host after a kill', () => {
  const live = { slot: 'green', deploymentId: 'web-7', buildVersion: 'v1' } as const;
  const other = { slot: 'blue', deploymentId: 'web-6', buildVersion: 'v2', state: 'exited' } as const;
  const expected: Expected = { live, other, receipts: ['web-7/retire.json'], isTidy: true };
  const found: Survey = {
    liveSlot: 'green',
    containers: { blue: 'exited web-6', green: 'running web-7' },
    envFiles: { 'web-6': '600 root', 'web-7': '600 root' },
    receipts: ['web-7/retire.json'],
    leftovers: [],
    page: '200 v1 127.0.0.1:8081',
  };

  it.each<[string, Partial<Survey>]>([
    ['traffic: blue instead of green', { liveSlot: 'blue' }],
    ['port 80: 502  instead of 200 v1 127.0.0.1:8081', { page: '502 ' }],
    [
      'containers: blue running web-6, green running web-7 instead of blue exited web-6, green running web-7',
      { containers: { ...found.containers, blue: 'running web-6' } },
    ],
    ['no receipt web-7/retire.json', { receipts: [] }],
    ['env file of web-7 is 644 root', { envFiles: { ...found.envFiles, 'web-7': '644 root' } }],
    ['file /etc/fstab.new', { leftovers: ['file /etc/fstab.new'] }],
  ])('is not allowed to be so: %s', (problem, change) => {
    expect(findProblems(found, expected)).toEqual([]);
    expect(findProblems({ ...found, ...change }, expected)).toEqual([problem]);
  });
});

describeRealHost('phases that are killed at any moment, or their host, and sent again', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await Ground.create();
  });
  afterAll(() => ground?.close());

  it.each(slice)('end in an allowed state: %s', async (name) => {
    const walk = drawWalk(name, seed);
    const { problems, tally } = await (walk.kind === 'database' ? runDatabaseWalk : runWebWalk)(ground, walk);
    expect(problems).toEqual([]);
    expect(tally.kills).toBeGreaterThan(0);
  });

  it('come to about as many lines as points are drawn from', async () => {
    const { values } = await ground.nextWalk();
    const walk = [
      'inspect',
      'resolve-env',
      'pull-release',
      'start-candidate',
      'switch-traffic',
      'bake',
    ] as const;
    for (const phase of [...walk, 'revert'] as const) {
      const steps = await countSteps(ground.host, phase, values);
      const isUsual = Math.abs(steps / usualSteps[phase] - 1) < 0.3;
      expect(isUsual || `${phase} has ${steps} steps and not ${usualSteps[phase]}`).toBe(true);
    }
  });

  it('work once when the same command is sent twice at the same time', async () => {
    const { values } = await ground.nextWalk();
    for (const phase of [
      'resolve-env',
      'pull-release',
      'start-candidate',
      'switch-traffic',
      'retire',
    ] as const) {
      const both = await Promise.all([ground.host.start(phase, values), ground.host.start(phase, values)]);
      const results = both.map(({ stdout }) => receipt.parse(JSON.parse(stdout)).result);
      expect(results.sort()).toEqual(['already-done', 'done']);
    }
    expect(ground.load.takeLost()).toEqual([]);
  });
});
