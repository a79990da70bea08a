import { beforeEach, describe, expect, it } from 'vitest';
import { createAgent, type Agent } from '../../../rehearsal/agent/agent.ts';
import { readDocument, type CommandDocument } from '../../../rehearsal/agent/document.ts';
import { executionTimeout, withDefaults } from '../../../rehearsal/agent/interpolate.ts';
import { aggregate, type StepResult } from '../../../rehearsal/agent/step-result.ts';
import { combineOutput, truncateStream } from '../../../rehearsal/agent/truncate-output.ts';
import { HostDownError, type ScriptResult } from '../../../rehearsal/host/host.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { ok, ScriptHost } from '../../support/script-host.ts';

let clock: ManualClock;
let host: ScriptHost;
beforeEach(() => {
  clock = new ManualClock();
  host = new ScriptHost();
});

const step = (name: string, inputs: object = {}, rest: object = {}) => ({
  action: 'aws:runShellScript',
  name,
  inputs: { runCommand: [`run ${name}`], ...inputs },
  ...rest,
});
const documentOf = (mainSteps: object[], parameters: object = {}): CommandDocument =>
  readDocument({ schemaVersion: '2.2', parameters, mainSteps }, 'doc');

async function run(document: CommandDocument, given: Record<string, string[]> = {}) {
  const values = withDefaults(document, given);
  const agent = createAgent(host, clock);
  return agent.run({ commandId: 'c', documentName: 'doc', document, values }, () => undefined);
}
const exits = (...codes: number[]) => {
  host.answer = (): ScriptResult => ({ ...ok, exitCode: codes.shift() ?? 0 });
};
const twoSteps = (inputs: object = {}) => documentOf([step('one', inputs), step('two')]);
const statuses = async (document: CommandDocument) => (await run(document)).map(({ status }) => status);

describe('an exit code', () => {
  it.each([
    [0, ['Success', 'Success']],
    [1, ['Failed', 'Success']],
    [168, ['Success']],
    [169, ['Failed']],
    [137, ['TimedOut', 'Success']],
  ])('%i gives %j', async (code, expected) => {
    exits(code);
    expect(await statuses(twoSteps())).toEqual(expected);
  });

  it('194 runs the same step again', async () => {
    exits(194, 0, 0);
    await run(twoSteps());
    expect(host.runs.map(({ stepName }) => stepName)).toEqual(['one', 'one', 'two']);
  });

  it('is told in stderr when it is a failure', async () => {
    host.answer = () => ({ ...ok, exitCode: 7, stderr: 'oops\n' });
    expect((await run(documentOf([step('one')])))[0]!.stderr).toBe(
      'oops\nfailed to run commands: exit status 7',
    );
  });
});

it('that is none, since somebody’s signal ended the script, is a failure that names the signal', async () => {
  host.answer = () => ({ ...ok, exitCode: -1, signal: 'SIGKILL' });
  expect((await run(documentOf([step('one')])))[0]).toMatchObject({
    status: 'Failed',
    code: -1,
    stderr: 'failed to run commands: signal: killed',
  });
});

describe('onFailure: exit', () => {
  it('ends the document when a step fails', async () => {
    exits(1);
    expect(await statuses(twoSteps({ onFailure: 'exit' }))).toEqual(['Failed']);
  });

  it('does not act on a timeout', async () => {
    exits(137);
    expect(await statuses(twoSteps({ onFailure: 'exit' }))).toEqual(['TimedOut', 'Success']);
  });
});

describe('a precondition', () => {
  const on = (precondition: object) => documentOf([step('one', {}, { precondition })]);
  it('for another platform skips the step, and that is a success', async () => {
    expect(await statuses(on({ StringEquals: ['platformType', 'Windows'] }))).toEqual(['Success']);
    expect(host.runs).toEqual([]);
  });

  it('for Linux runs it; one the agent does not know fails it', async () => {
    expect(await statuses(on({ StringEquals: ['platformType', 'Linux'] }))).toEqual(['Success']);
    expect(host.runs).toHaveLength(1);
    expect(await statuses(on({ StringLike: ['platformType', 'Linux'] }))).toEqual(['Failed']);
  });
});

describe('a parameter', () => {
  const parameters = {
    text: { type: 'String' },
    environment: { type: 'String', interpolationType: 'ENV_VAR' },
    list: { type: 'StringList' },
    seconds: { type: 'String', default: '90' },
  };
  const ran = async (line: string, given: Record<string, string[]>, inputs: object = {}) => {
    await run(documentOf([step('one', { runCommand: [line], ...inputs })], parameters), given);
    return host.runs[0]!;
  };

  it('is pasted in without any quoting, and $$ becomes $', async () => {
    expect((await ran('echo {{ text }} {{text}}', { text: ['a; rm $$x'] })).script).toBe(
      'echo a; rm $x a; rm $x',
    );
  });

  it('of ENV_VAR is an environment variable, and nothing of it is in the script', async () => {
    const { script, environment } = await ran('echo "$SSM_environment"', { environment: ['$(reboot)'] });
    expect(script).toBe('echo "$SSM_environment"');
    expect(environment).toEqual({ SSM_environment: '$(reboot)' });
  });

  it('that is a list is pasted as JSON', async () => {
    expect((await ran('{{ list }}', { list: ['a', 'b'] })).script).toBe('["a","b"]');
  });

  it('that is not one stays as it is', async () => {
    expect((await ran('{{ nope }} {{ a_b }}', {})).script).toBe('{{ nope }} {{ a_b }}');
  });

  it('gives the step its timeout, its default included', async () => {
    expect((await ran('', {}, { timeoutSeconds: '{{ seconds }}' })).timeoutSeconds).toBe(90);
  });
});

it.each([
  [undefined, 3600],
  ['5', 5],
  ['4', 3600],
  ['172800', 172_800],
  ['172801', 3600],
  ['60s', 3600],
  ['1e2', 3600],
  [120, 120],
  ['{{ x }}', 3600],
])('timeoutSeconds %s is %i', (value, seconds) => {
  expect(executionTimeout(value)).toBe(seconds);
});

it('runs five commands at once, and the sixth when one has ended', async () => {
  const endings: (() => void)[] = [];
  host.answer = () => new Promise((resolve) => endings.push(() => resolve(ok)));
  const agent = createAgent(host, clock);
  const document = documentOf([step('one')]);
  const command = { commandId: 'c', documentName: 'd', document, values: {} };
  for (let count = 0; count < 7; count += 1) void agent.run(command, () => undefined);
  await settle();
  expect(host.runs).toHaveLength(5);
  endings[0]!();
  await settle();
  expect(host.runs).toHaveLength(6);
});

it('reports a command failed, on its first step, a minute after everything was killed', async () => {
  let calls = 0;
  host.answer = () => {
    calls += 1;
    if (calls === 2) throw new Error('host gone');
    return { ...ok, stdout: 'first was fine' };
  };
  const result = run(twoSteps());
  await clock.advance(59_000);
  expect(clock.pending).toBe(1);
  await clock.advance(1_000);
  expect(await result).toMatchObject([
    { name: 'one', status: 'Failed', stdout: 'document process failed unexpectedly' },
  ]);
  expect(calls).toBe(2);
});

describe('an agent that goes away while a script runs', () => {
  const command = () => ({ commandId: 'c', documentName: 'd', document: twoSteps(), values: {} });
  let endScript: () => void;
  let agent: Agent;
  let results: Promise<StepResult[]>;
  let told: StepResult[] | undefined;
  const begin = async () => {
    told = undefined;
    host.answer = () => new Promise((resolve) => (endScript = () => resolve({ ...ok, stdout: 'done' })));
    agent = createAgent(host, clock);
    results = agent.run(command(), () => undefined);
    void results.then((given) => (told = given));
    await settle();
  };
  const runOut = async () => {
    endScript();
    await settle();
  };

  it('reports when it is back what the script said meanwhile', async () => {
    await begin();
    agent.kill();
    await runOut();
    await runOut();
    await clock.advance(600_000);
    expect(told).toBeUndefined();
    agent.restart();
    expect(await results).toMatchObject([{ stdout: 'done' }, { stdout: 'done' }]);
  });

  it('with its workers reports a minute after its return that the document failed, and begins no other step', async () => {
    await begin();
    agent.killWithWorkers();
    await runOut();
    await clock.advance(600_000);
    agent.restart();
    await clock.advance(59_999);
    expect(told).toBeUndefined();
    await clock.advance(1);
    expect(await results).toMatchObject([{ stdout: 'document process failed unexpectedly' }]);
    expect(host.runs).toHaveLength(1);
  });

  it('with its host counts the minute from the host’s return, and says nothing before', async () => {
    let reach: (reaches: boolean) => void;
    Object.assign(host, { onReach: (listener: typeof reach) => (reach = listener) });
    await begin();
    reach!(false);
    host.answer = () => Promise.reject(new HostDownError('down'));
    await runOut();
    await clock.advance(600_000);
    const delivered: string[] = [];
    agent.whenOnline(() => delivered.push('delivered'));
    expect([agent.pingStatus, ...delivered]).toEqual(['Online']);
    reach!(true);
    expect(delivered).toEqual(['delivered']);
    await clock.advance(59_999);
    expect(told).toBeUndefined();
    await clock.advance(1);
    expect(await results).toMatchObject([{ stdout: 'document process failed unexpectedly' }]);
  });
});

it('counts Failed before TimedOut before Success', () => {
  const of = (status: 'Failed' | 'TimedOut' | 'Success') => ({ status, statusDetails: status }) as never;
  expect(aggregate([of('Success'), of('TimedOut'), of('Failed')]).status).toBe('Failed');
  expect(aggregate([of('Success'), of('TimedOut')]).status).toBe('TimedOut');
});

describe('output', () => {
  const [many, few] = ['x'.repeat(3000), 'few'];
  it('shows both streams in 2,500 bytes, each cut when both are long', () => {
    expect(combineOutput(few, '')).toBe('few');
    expect(combineOutput('', few)).toBe('\n----------ERROR-------\nfew');
    expect(Buffer.byteLength(combineOutput(many, many))).toBeLessThanOrEqual(2500);
    expect(combineOutput(many, many)).toMatch(
      /^x{1210,1240}\n---Output truncated---\n-+ERROR-+\nx+\n---Error truncated----$/,
    );
  });

  it('keeps a short stdout whole, however long stderr is', () => {
    expect(
      combineOutput('y'.repeat(1200), many).startsWith(`${'y'.repeat(1200)}\n----------ERROR-------\n`),
    ).toBe(true);
  });

  it('cuts a long stdout even for a short stderr', () => {
    expect(combineOutput('y'.repeat(2480), few)).toMatch(
      /^y+\n---Output truncated---\n----------ERROR-------\nfew$/,
    );
  });

  it('of one stream ends in its mark', () => {
    expect(truncateStream('a'.repeat(24_001), 24_000)).toMatch(/a\n--output truncated--$/);
    expect(truncateStream('a'.repeat(24_000), 24_000)).toBe('a'.repeat(24_000));
  });
});

describe('a document that the rehearsal cannot run is refused:', () => {
  it.each([
    ['another action', { ...step('a'), action: 'aws:runDocument' }, {}, 'aws:runDocument'],
    ['an unknown input', step('a', { finallyStep: true }), {}, 'finallyStep'],
    ['an unknown step field', step('a', {}, { maxAttempts: 2 }), {}, 'maxAttempts'],
    ['another type', step('a'), { p: { type: 'Integer' } }, 'Integer'],
    [
      'a mark of an environment variable',
      step('a', { runCommand: ['{{ p }}'] }),
      { p: { type: 'String', interpolationType: 'ENV_VAR' } },
      'SSM_p',
    ],
    [
      'a parameter whose value the agent would lose',
      step('a'),
      { a_b: { type: 'String' } },
      'letters and digits',
    ],
    ['another interpolation', step('a'), { p: { type: 'String', interpolationType: 'X' } }, 'ENV_VAR'],
  ])('%s', (_what, mainStep, parameters, message) => {
    expect(() => documentOf([mainStep], parameters)).toThrow(message);
  });
});
