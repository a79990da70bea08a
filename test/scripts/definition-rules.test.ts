import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { definitionFile, problemsOf } from '../../scripts/check/check-definition.ts';
import { findProblems, type State } from '../../scripts/check/definition-rules.ts';

const task: State = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  TimeoutSeconds: 60,
  Catch: [{ ErrorEquals: ['States.ALL'] }],
};
const problemsWith = (change: Partial<State>) =>
  findProblems({ TimeoutSeconds: 60, States: { Work: { ...task, ...change } } });

test('the deploy graph has no problem', () => {
  expect(problemsOf(readFileSync(definitionFile, 'utf8'))).toEqual([]);
});

test('a good state has no problem', () => expect(problemsWith({})).toEqual([]));

describe('a problem is found', () => {
  const waiting = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
  const token = { Payload: { 'taskToken.$': '$$.Task.Token' } };

  test.each<[string, Partial<State>, string]>([
    ['no timeout', { TimeoutSeconds: undefined }, 'Work has no TimeoutSeconds: it could wait for a year'],
    [
      'a heartbeat as long as the timeout',
      { HeartbeatSeconds: 60 },
      'Work has HeartbeatSeconds that are not below its TimeoutSeconds',
    ],
    [
      'a token that nobody is told',
      { Resource: waiting, Parameters: {} },
      'Work waits for a task token that it tells nobody',
    ],
    [
      'a token that is not waited for',
      { Parameters: token },
      'Work tells a task token that it does not wait for',
    ],
    [
      'a path as plain text',
      { Parameters: { Payload: { app: '$.app' } } },
      'Work has a path under "app", which needs the name "app.$"',
    ],
    [
      'the context as plain text',
      { Parameters: { id: '$$.Execution.Id' } },
      'Work has a path under "id", which needs the name "id.$"',
    ],
    [
      'an intrinsic as plain text',
      { ResultSelector: { id: "States.Format('{}', $.a)" } },
      'Work has a path under "id", which needs the name "id.$"',
    ],
    [
      'States.ALL before others',
      { Catch: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['superseded'] }] },
      'Work has a Catch for States.ALL that is not alone and last',
    ],
    [
      'States.ALL with others',
      { Retry: [{ ErrorEquals: ['States.ALL', 'superseded'] }] },
      'Work has a Retry for States.ALL that is not alone and last',
    ],
    [
      'an error that nothing throws',
      { Retry: [{ ErrorEquals: ['health-check-faild'] }] },
      'Work matches health-check-faild, which is no failure id',
    ],
    [
      'a failure that nobody catches',
      { Catch: [{ ErrorEquals: ['superseded'] }] },
      'Work fails without a Catch for States.ALL, its own or that of a Map around it',
    ],
    ['a Choice without a Default', { Type: 'Choice' }, 'Work is a Choice without a Default'],
  ])('%s', (_, change, problem) => {
    expect(problemsWith(change)).toEqual([problem]);
  });

  test('a state machine without an end', () => {
    expect(findProblems({ States: { Work: task } })).toEqual(['the state machine has no TimeoutSeconds']);
  });

  test('inside a Map, whose Catch counts for what is in it', () => {
    const inner = { States: { Inner: { ...task, Catch: undefined, TimeoutSeconds: undefined } } };
    const map = (Catch?: State['Catch']) =>
      findProblems({ TimeoutSeconds: 60, States: { Each: { Type: 'Map', ItemProcessor: inner, Catch } } });
    expect(map(task.Catch)).toEqual(['Inner has no TimeoutSeconds: it could wait for a year']);
    expect(map()).toHaveLength(2);
  });

  test('a placeholder for no handler, a handler for no state, and what asl-validator sees', () => {
    const text = JSON.stringify({
      StartAt: 'Nowhere',
      TimeoutSeconds: 60,
      States: {
        Work: { ...task, Parameters: { FunctionName: '${runPhasesArn}' }, Catch: undefined, End: true },
      },
    });
    const problems = problemsOf(text);
    expect(problems).toContain('${runPhasesArn} is the ARN of no handler');
    expect(problems).toContain('${runPhaseArn} is used by no state');
    expect(problems.join('\n')).toMatch(/Nowhere|StartAt/);
  });
});
