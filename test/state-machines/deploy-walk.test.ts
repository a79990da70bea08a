import { describe, expect, test } from 'vitest';
import { phaseNames } from '../../contracts/phase-name.ts';
import { pascalCase } from '../../lib/handler-name.ts';
import { allStates } from './read-graph.ts';
import { resolved, walkGraph, type Mishap, type Script, type Walk } from './walk-graph.ts';

const terminal = ({ states }: Walk) => states.at(-1);
const phasesOf = ({ sent }: Walk) => sent.map((run) => run.replace(/\.\d+$/, ''));
const twoWaves = { waves: [['i-0aaaaaaaa'], ['i-0bbbbbbbb']] };
const threeWaves = { waves: [...twoWaves.waves, ['i-0cccccccc']] };

const steady = [
  'inspect',
  'resolve-env',
  'pull-release',
  'start-candidate',
  'switch-traffic',
  'bake',
  'retire',
];

describe('a deployment that goes well', () => {
  test('on prepared hosts takes the short way, and ends Succeeded', async () => {
    const walk = await walkGraph();
    expect(walk.status).toBe('SUCCEEDED');
    expect(terminal(walk)).toBe('Succeeded');
    expect(phasesOf(walk)).toEqual(steady);
    expect(walk.live).toEqual([0]);
    expect(walk.committed).toBe(true);
    expect(walk.output).toMatchObject({ outcome: 'Succeeded' });
  });

  test('on a bare host installs everything first', async () => {
    const walk = await walkGraph({ prepared: false });
    expect(phasesOf(walk)).toEqual([
      'inspect',
      'mount-volume',
      'install-docker',
      'install-nginx',
      ...steady.slice(1),
    ]);
    expect(walk.status).toBe('SUCCEEDED');
  });

  test('resolves the database once, on one host, before anything is pulled, and tells every wave', async () => {
    const { sent, history } = await walkGraph({ plan: { ...twoWaves, hasDatabase: true } });
    expect(sent.filter((run) => run.startsWith('resolve-database'))).toEqual(['resolve-database.0']);
    expect(sent.indexOf('resolve-database.0')).toBeGreaterThan(sent.indexOf('inspect.1'));
    expect(sent.indexOf('resolve-database.0')).toBeLessThan(sent.indexOf('resolve-env.0'));
    const told = history
      .filter(({ type, name }) => type === 'TaskScheduled' && name === 'ResolveEnv')
      .map(({ input }) => (input as { Payload: { plan: { database: unknown } } }).Payload.plan.database);
    expect(told).toEqual([resolved, resolved]);
  });

  test('migrates once, on one host, before any traffic moves', async () => {
    const { sent } = await walkGraph({ plan: { ...twoWaves, hasMigration: true } });
    expect(sent.filter((run) => run.startsWith('run-migrations'))).toEqual(['run-migrations.0']);
    expect(sent.indexOf('run-migrations.0')).toBeGreaterThan(sent.indexOf('pull-release.1'));
    expect(sent.indexOf('run-migrations.0')).toBeLessThan(sent.indexOf('start-candidate.0'));
  });

  test('prepares waves side by side, switches them one after the other, retires last', async () => {
    const { sent } = await walkGraph({ plan: twoWaves });
    expect(sent.indexOf('inspect.1')).toBeLessThan(sent.indexOf('pull-release.0'));
    expect(sent.slice(sent.indexOf('start-candidate.0'))).toEqual([
      'start-candidate.0',
      'switch-traffic.0',
      'bake.0',
      'start-candidate.1',
      'switch-traffic.1',
      'bake.1',
      'retire.0',
      'retire.1',
    ]);
  });

  test('is live, in the steady state, after at most 20 transitions and 5 commands', async () => {
    const walk = await walkGraph();
    const live = walk.states.indexOf('SwitchTraffic') + 1;
    expect(live).toBeLessThanOrEqual(20);
    expect(walk.sent.indexOf('switch-traffic.0') + 1).toBeLessThanOrEqual(5);
  });

  test('on a thousand hosts stays inside what Step Functions carries', async () => {
    const id = (prefix: string, index: number) => `${prefix}-${index.toString(16).padStart(17, '0')}`;
    const waves = Array.from({ length: 20 }, (_, wave) =>
      Array.from({ length: 50 }, (__, host) => id('i', wave * 50 + host)),
    );
    const volumeIds = waves.flat().map((_, index) => id('vol', index));
    const walk = await walkGraph({ plan: { waves, volumeIds } });
    expect(walk.status).toBe('SUCCEEDED');
    // A Map's result counts before ResultPath drops it, which the interpreter does not look at.
    const ofIteration = walk.history.filter(
      ({ name, type }) => type === 'TaskStateExited' && /^(PullRelease|Bake|Retire)$/.test(name!),
    );
    expect(ofIteration).toHaveLength(60);
    for (const { output } of ofIteration) expect(JSON.stringify(output).length).toBeLessThan(10);
  });
});

describe('a transient fault', () => {
  const handlers = [
    'accept-request',
    'acquire-lease',
    'resolve-image',
    'find-hosts',
    'commit-release',
    'close-deployment',
  ];
  test.each(handlers)('of %s’s platform is tried again, and nobody notices', async (handler) => {
    for (const fails of ['Lambda.TooManyRequestsException', 'Sandbox.Timedout', 'Runtime.ExitError'])
      expect(terminal(await walkGraph({ mishaps: { [handler]: [{ fails }, { fails }] } }))).toBe('Succeeded');
  });

  test.each(handlers)('of %s’s calls of AWS is tried again', async (handler) => {
    for (const fails of ['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ServerException'])
      expect(terminal(await walkGraph({ mishaps: { [handler]: [{ fails }, { fails }] } }))).toBe('Succeeded');
  });

  test('of run-phase’s calls of AWS is tried again, in each phase', async () => {
    const throttled = Array.from({ length: 20 }, (_, call) =>
      call % 2 ? undefined : { fails: 'ThrottlingException' },
    );
    expect(terminal(await walkGraph({ mishaps: { 'run-phase': throttled } }))).toBe('Succeeded');
  });

  test('of run-phase’s platform sends the phase again, with a new token', async () => {
    const walk = await walkGraph({ mishaps: { 'run-phase': [undefined, { fails: 'Lambda.Unknown' }] } });
    expect(terminal(walk)).toBe('Succeeded');
    const tokens = walk.history
      .filter(({ type, name }) => type === 'TaskScheduled' && name === 'ResolveEnv')
      .map(({ input }) => (input as { Payload: { taskToken: string } }).Payload.taskToken);
    expect(new Set(tokens).size).toBe(2);
  });

  test('of the lease (held, held, then free) is waited for', async () => {
    const held = { fails: 'lease-held' };
    const walk = await walkGraph({ mishaps: { 'acquire-lease': [held, held, held, held, held, held] } });
    expect(terminal(walk)).toBe('Succeeded');
    expect(walk.stopDate - walk.startDate).toBeGreaterThan(20_000);
  });

  test('of a volume that is being attached is waited for', async () => {
    const attaching = Array.from({ length: 30 }, () => ({ fails: 'volume-attaching' }));
    expect(terminal(await walkGraph({ mishaps: { 'find-hosts': attaching } }))).toBe('Succeeded');
  });
});

/** Where a task's failure leads, with a named failure and with none: no answer at all until the time is up. */
interface Ending {
  readonly scripted: string;
  readonly ends: string;
  readonly status: 'FAILED' | 'SUCCEEDED';
  /** The outcome that closing wrote down; none when there was nothing to close. */
  readonly outcome?: string;
  readonly script?: Script;
}
const failsAs = (scripted: string, ends: string, script: Script = {}): Ending => ({
  scripted,
  ends,
  status: 'FAILED',
  outcome: ends,
  script,
});
const bare = { prepared: false };

const endings: Record<string, Ending> = {
  AcceptRequest: { scripted: 'accept-request', ends: 'Rejected', status: 'FAILED' },
  AcquireLease: { scripted: 'acquire-lease', ends: 'Rejected', status: 'FAILED' },
  ResolveImage: failsAs('resolve-image', 'Failed'),
  FindHosts: failsAs('find-hosts', 'Failed'),
  Inspect: failsAs('inspect', 'Failed'),
  MountVolume: failsAs('mount-volume', 'Failed', bare),
  InstallDocker: failsAs('install-docker', 'Failed', bare),
  InstallNginx: failsAs('install-nginx', 'Failed', bare),
  ResolveDatabase: failsAs('resolve-database', 'Failed', { plan: { hasDatabase: true } }),
  ResolveEnv: failsAs('resolve-env', 'Failed'),
  PullRelease: failsAs('pull-release', 'Failed'),
  RunMigrations: failsAs('run-migrations', 'Failed', { plan: { hasMigration: true } }),
  StartCandidate: failsAs('start-candidate', 'Failed'),
  SwitchTraffic: failsAs('switch-traffic', 'Failed'),
  Bake: failsAs('bake', 'RolledBack'),
  CommitRelease: failsAs('commit-release', 'RolledBack'),
  Retire: { scripted: 'retire', ends: 'Succeeded', status: 'SUCCEEDED', outcome: 'Succeeded' },
  Revert: failsAs('revert', 'Inconsistent', { mishaps: { bake: { fails: 'candidate-died' } } }),
  CloseDeployment: { scripted: 'close-deployment', ends: 'CloseDeployment', status: 'FAILED' },
};

const walkWith = ({ scripted, script = {} }: Ending, mishap: Mishap) =>
  walkGraph({ ...script, mishaps: { ...script.mishaps, [scripted]: mishap } });

describe('a task that fails', () => {
  test('is each of the graph’s, in this table', () => {
    const tasks = Object.entries(allStates()).filter(([, { Type }]) => Type === 'Task');
    expect(Object.keys(endings).sort()).toEqual(tasks.map(([name]) => name).sort());
  });

  test.each(Object.entries(endings))('%s: with a named failure', async (name, ending) => {
    const walk = await walkWith(ending, { fails: 'disk-full', cause: 'no room' });
    expect(walk.states).toContain(name);
    expect(terminal(walk)).toBe(ending.ends);
    expect(walk.status).toBe(ending.status);
    expect(walk.closed.at(-1)?.outcome).toBe(ending.outcome);
    if (ending.status === 'FAILED')
      expect(walk.error).toBe(name === 'Revert' ? 'candidate-died' : 'disk-full');
    if (walk.status === 'FAILED') expect(walk.cause).toContain('no room');
    expect(walk.committed).toBe(walk.status === 'SUCCEEDED' || name === 'CloseDeployment');
  });

  test.each(Object.entries(endings))('%s: without any answer, when its time is up', async (name, ending) => {
    const walk = await walkWith(ending, 'no answer');
    // A switch that nobody reported has happened all the same, and is taken back.
    const expected = name === 'SwitchTraffic' ? 'RolledBack' : ending.ends;
    expect(terminal(walk)).toBe(expected);
    expect(walk.status).toBe(ending.status);
    if (walk.status === 'FAILED')
      expect(walk.error).toBe(name === 'Revert' ? 'candidate-died' : 'States.Timeout');
    if (!['Revert', 'Retire', 'CloseDeployment'].includes(name)) expect(walk.live).toEqual([]);
  });

  const isPhase = (name: string) => phaseNames.some((phase) => pascalCase(phase) === name);
  const others = Object.entries(endings).filter(([name]) => !isPhase(name));
  test.each(others)('%s: with its Lambda’s platform down for good', async (name, ending) => {
    const walk = await walkWith(ending, { fails: 'Lambda.Unknown' });
    expect(terminal(walk)).toBe(ending.ends);
    expect(walk.states.filter((state) => state === name)).toHaveLength(1);
  });

  test('all phases, with run-phase down for good: nothing was begun, and it ends Failed', async () => {
    const walk = await walkGraph({ mishaps: { 'run-phase': { fails: 'Lambda.Unknown', cause: 'down' } } });
    expect(terminal(walk)).toBe('Failed');
    expect(walk.sent).toEqual([]);
    expect(walk).toMatchObject({ error: 'Lambda.Unknown', cause: 'Failed: down' });
  });
});

describe('before anything moved', () => {
  const early = [
    'Inspect',
    'MountVolume',
    'InstallDocker',
    'InstallNginx',
    'ResolveDatabase',
    'ResolveEnv',
    'PullRelease',
    'RunMigrations',
  ];
  test.each(early)('a failure in %s touches nothing that serves: no candidate, no way back', async (name) => {
    const { sent } = await walkWith(endings[name]!, { fails: 'disk-full' });
    for (const phase of ['start-candidate', 'switch-traffic', 'revert', 'retire'])
      expect(sent.filter((run) => run.startsWith(phase))).toEqual([]);
  });

  test('one wave that cannot be prepared stops all', async () => {
    const walk = await walkGraph({
      plan: threeWaves,
      mishaps: { 'pull-release.1': { fails: 'pull-failed' } },
    });
    expect(terminal(walk)).toBe('Failed');
    expect(walk.sent.some((run) => run.startsWith('start-candidate'))).toBe(false);
  });
});

describe('a request that starts nothing', () => {
  test.each(['superseded', 'nothing-to-close'])(
    'because it is %s ends well, and is not closed',
    async (fails) => {
      const walk = await walkGraph({ mishaps: { 'acquire-lease': { fails } } });
      expect(terminal(walk)).toBe('Superseded');
      expect(walk.status).toBe('SUCCEEDED');
      expect(walk.closed).toEqual([]);
    },
  );

  test.each(['invalid-request', 'unknown-app'])('because of %s is Rejected by that name', async (fails) => {
    const walk = await walkGraph({
      mishaps: { 'accept-request': { fails, cause: 'app "x" is not configured' } },
    });
    expect(terminal(walk)).toBe('Rejected');
    expect(walk.error).toBe(fails);
    expect(walk.cause).toContain('is not configured');
  });

  test('because the lease is never free is Rejected in the end, hours later', async () => {
    const walk = await walkGraph({ mishaps: { 'acquire-lease': { fails: 'lease-held' } } });
    expect(terminal(walk)).toBe('Rejected');
    expect(walk.error).toBe('lease-held');
    expect(walk.stopDate - walk.startDate).toBeGreaterThan(2 * 3_600_000);
    expect(walk.history.length).toBeLessThan(25_000);
  });
});

describe('the way back', () => {
  const died: Mishap = { fails: 'candidate-died', cause: 'it died' };

  test('of a second wave that fails takes the first back too, and leaves the third alone', async () => {
    const walk = await walkGraph({ plan: threeWaves, mishaps: { 'bake.1': died } });
    expect(terminal(walk)).toBe('RolledBack');
    expect(walk.live).toEqual([]);
    expect(walk.sent).not.toContain('start-candidate.2');
    expect(walk.sent.filter((run) => run.startsWith('revert')).sort()).toEqual([
      'revert.0',
      'revert.1',
      'revert.2',
    ]);
    expect(walk).toMatchObject({ error: 'candidate-died', cause: 'RolledBack: it died' });
  });

  test('is tried again when a host is out of reach, busy or silent', async () => {
    for (const fails of ['host-unreachable', 'host-busy', 'phase-timed-out'])
      expect(
        terminal(await walkGraph({ mishaps: { bake: died, revert: [{ fails }, { fails }, { fails }] } })),
      ).toBe('RolledBack');
    expect(terminal(await walkGraph({ mishaps: { bake: died, revert: ['no answer'] } }))).toBe('RolledBack');
  });

  test('that fails in one wave is walked to its end in the others, and the outcome says Inconsistent', async () => {
    const mishaps: Script['mishaps'] = {
      'bake.1': died,
      'revert.0': { fails: 'revert-failed', cause: 'nginx is gone' },
    };
    const walk = await walkGraph({ plan: twoWaves, mishaps });
    expect(terminal(walk)).toBe('Inconsistent');
    expect(walk.live).toEqual([0]);
    expect(walk.cause).toBe('Inconsistent: it died. The way back failed: nginx is gone');
    expect(walk.committed).toBe(false);
  });

  test('of a commit whose answer was lost leaves nothing committed', async () => {
    const walk = await walkGraph({
      committed: true,
      mishaps: { 'commit-release': { fails: 'Lambda.Unknown' } },
    });
    expect(terminal(walk)).toBe('RolledBack');
    expect(walk.committed).toBe(false);
    expect(walk.live).toEqual([]);
  });
});

describe('a release that is live', () => {
  test('stays live when the release before cannot be retired; that is said', async () => {
    const walk = await walkGraph({
      mishaps: { retire: { fails: 'retire-failed', cause: 'docker stop hangs' } },
    });
    expect(terminal(walk)).toBe('Succeeded');
    expect(walk.closed).toMatchObject([{ outcome: 'Succeeded', warning: 'retire: docker stop hangs' }]);
    expect(walk.live).toEqual([0]);
    expect(walk.sent.some((run) => run.startsWith('revert'))).toBe(false);
  });
});

describe('a closing', () => {
  test('back takes back what had been switched, and ends RolledBack', async () => {
    const walk = await walkGraph({ way: 'back', plan: twoWaves, switched: [0] });
    expect(terminal(walk)).toBe('RolledBack');
    expect([...walk.sent].sort()).toEqual(['revert.0', 'revert.1']);
    expect(walk.live).toEqual([]);
    expect(walk.error).toBe('phase-cancelled');
  });

  test('back of a deployment that had switched nothing, or had no plan, ends Failed', async () => {
    for (const plan of [twoWaves, { waves: [] }])
      expect(terminal(await walkGraph({ way: 'back', plan }))).toBe('Failed');
  });

  test('back that cannot is Inconsistent', async () => {
    const mishaps = { revert: { fails: 'revert-failed' } };
    expect(terminal(await walkGraph({ way: 'back', switched: [0], mishaps }))).toBe('Inconsistent');
  });

  test('forward retires what the committed release replaced, and ends Succeeded', async () => {
    const walk = await walkGraph({ way: 'forward', plan: twoWaves, committed: true, switched: [0, 1] });
    expect(terminal(walk)).toBe('Succeeded');
    expect([...walk.sent].sort()).toEqual(['retire.0', 'retire.1']);
    expect(walk.live).toEqual([0, 1]);
  });
});

test('a hold that is set or lifted deploys nothing, and closes nothing', async () => {
  const walk = await walkGraph({ way: 'none' });
  expect(walk).toMatchObject({ status: 'SUCCEEDED', sent: [], closed: [] });
  expect(terminal(walk)).toBe('Noted');
});

describe('what the graph does not understand ends in failure', () => {
  test.each([
    ['inspect that says it in words', { mishaps: { inspect: { answers: { prepared: 'true' } } } }],
    ['a plan that does not say whether to migrate', { plan: { hasMigration: 'no' as never } }],
    ['a way that there is not', { way: 'sideways' }],
  ])('%s', async (_, script) => {
    const walk = await walkGraph(script);
    expect(terminal(walk)).toBe('Failed');
    expect(walk.error).toBe('receipt-missing');
    expect(walk.live).toEqual([]);
  });

  test('an answer that lacks the field, which no Choice survives: the sweep closes what is left', async () => {
    const walk = await walkGraph({ mishaps: { inspect: { answers: {} } } });
    expect(walk).toMatchObject({ status: 'FAILED', error: 'States.Runtime', closed: [], live: [] });
  });

  test('a closing that names no outcome', async () => {
    const failure = { Error: 'x', Cause: 'y' };
    const walk = await walkGraph({
      mishaps: { 'close-deployment': { answers: { outcome: 'Fine', failure } } },
    });
    expect(terminal(walk)).toBe('Inconsistent');
  });
});
