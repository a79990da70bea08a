import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadDefinition } from '../../../rehearsal/asl/load-definition.ts';
import { callbackTask, pass, task } from '../../support/run-machine.ts';

const load = (states: Record<string, unknown>, machine: Record<string, unknown> = {}) =>
  loadDefinition(JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...machine }));

const map = (fields: Record<string, unknown> = {}) => ({
  Type: 'Map',
  ItemProcessor: { StartAt: 'I', States: { I: pass() } },
  End: true,
  ...fields,
});
const choice = (rule: unknown) => ({ Type: 'Choice', Choices: [rule], Default: 'B' });
const retry = (fields: Record<string, unknown>) => task({ Retry: [{ ErrorEquals: ['e'], ...fields }] });
const caught = (...catchers: unknown[]) => task({ Catch: catchers });
const all = { ErrorEquals: ['States.ALL'], Next: 'B' };

describe('loading', () => {
  it('takes the graph of this repository', () => {
    const text = readFileSync('state-machines/deploy.asl.json', 'utf8');
    const definition = loadDefinition(
      text.replace(/\$\{(\w+)\}/g, 'arn:aws:lambda:eu-central-1:123456789012:function:$1'),
    );
    expect(Object.keys(definition.States)).toContain('AcquireLease');
  });

  it('refuses a substitution that nothing replaced', () => {
    expect(() => load({ A: task({}, { fn: '${runPhaseArn}' }) })).toThrow(
      'nothing was substituted for ${runPhaseArn}',
    );
  });

  it.each<[string, unknown, string]>([
    ['a field nobody knows', pass({ Colour: 1 }), 'field "Colour": is not supported'],
    ['a field of another type', pass({ Seconds: 1 }), 'field "Seconds": is not supported'],
    ['a type nobody knows', { Type: 'Sleep', End: true }, 'field "Type": must be one of Task'],
    ['JSONata', pass({ QueryLanguage: 'JSONata' }), 'field "QueryLanguage": must be JSONPath'],
    ['Assign', pass({ Assign: { x: 1 } }), 'field "Assign": is not supported'],
    ['Output', pass({ Output: {} }), 'field "Output": is not supported'],
    ['Arguments', task({ Arguments: {} }), 'field "Arguments": is not supported'],
    ['Credentials', task({ Credentials: {} }), 'field "Credentials": is not supported'],
    ['neither Next nor End', { Type: 'Pass' }, 'field "Next": a state has either Next or End'],
    ['both Next and End', pass({ Next: 'B', End: true }), 'field "Next": a state has either Next or End'],
    ['End false', pass({ End: false }), 'field "End": must be true'],
    ['a Next that is not there', pass({ Next: 'C' }), 'field "Next": there is no state "C"'],
    [
      'a Resource nobody knows',
      task({ Resource: 'arn:aws:states:::sqs:sendMessage' }),
      'field "Resource": must be arn:aws',
    ],
    [
      'a task without Parameters',
      { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true },
      '"Parameters": is missing',
    ],
    [
      'a task without FunctionName',
      task({ Parameters: { Payload: 1 } }),
      '"Task.Parameters.FunctionName": is missing',
    ],
    [
      'an invocation type',
      task({ Parameters: { FunctionName: 'w', InvocationType: 'Event' } }),
      'Parameters.InvocationType": is not supported',
    ],
    [
      'a callback without its token',
      { ...callbackTask(), Parameters: { FunctionName: 'w' } },
      'sends no $$.Task.Token',
    ],
    [
      'a token without a callback',
      task({}, { 'token.$': '$$.Task.Token' }),
      'exists only in the Parameters of a .waitForTaskToken',
    ],
    [
      'a token outside Parameters',
      callbackTask({ ResultSelector: { 't.$': '$$.Task.Token' } }),
      'exists only in the Parameters',
    ],
    [
      'heartbeats without a callback',
      task({ HeartbeatSeconds: 5 }),
      '"Task.HeartbeatSeconds": needs .waitForTaskToken',
    ],
    [
      'a heartbeat as long as the timeout',
      callbackTask({ HeartbeatSeconds: 5, TimeoutSeconds: 5 }),
      'must be less than TimeoutSeconds',
    ],
    ['two timeouts', task({ TimeoutSeconds: 5, TimeoutSecondsPath: '$.t' }), 'stands beside TimeoutSeconds'],
    [
      'two heartbeats',
      callbackTask({ HeartbeatSeconds: 5, HeartbeatSecondsPath: '$.t' }),
      'stands beside HeartbeatSeconds',
    ],
    ['a timeout of nothing', task({ TimeoutSeconds: 0 }), '"TimeoutSeconds": must be a whole number'],
    [
      'a path for a timeout that names many',
      task({ TimeoutSecondsPath: '$.a[*]' }),
      '[*] does not name one place',
    ],
    [
      'a forgotten .$',
      task({}, { plan: '$.plan' }),
      '"Parameters.Payload.plan": "$.plan" would be passed as text',
    ],
    ['a forgotten .$ for the context', task({}, { id: '$$.Execution.Id' }), 'would be passed as text'],
    ['a forgotten .$ for an intrinsic', task({}, { id: "States.Format('x')" }), 'would be passed as text'],
    ['a forgotten .$ in a list', task({}, { list: ['$.x'] }), '"Parameters.Payload.list[0]": "$.x" would be'],
    ['a forgotten .$ in Result', pass({ Result: { x: '$.x' } }), '"Result.x": "$.x" would be'],
    ['.$ for what is no path', task({}, { 'x.$': 'text' }), '"Parameters.Payload.x.$": must be a path'],
    ['a key with and without .$', task({}, { 'x.$': '$', x: 1 }), 'stands beside the same key'],
    [
      'a filter',
      task({}, { 'x.$': '$.a[?(@.b==1)]' }),
      '"Parameters.Payload.x.$": "$.a[?(@.b==1)]" is not supported',
    ],
    ['a path in InputPath', pass({ InputPath: '$..a' }), 'field "InputPath": "$..a" is not supported'],
    ['a path in OutputPath', pass({ OutputPath: 'a' }), 'field "OutputPath": a path begins with $'],
    [
      'an index in ResultPath',
      pass({ ResultPath: '$.a[0]' }),
      'field "ResultPath": only names are supported',
    ],
    ['the context in ResultPath', pass({ ResultPath: '$$.a' }), 'the context object has no $$.a'],
    [
      'a context field nobody knows',
      pass({ Parameters: { 'x.$': '$$.Execution.Colour' } }),
      'has no $$.Execution.Colour',
    ],
    [
      'a Map item outside a Map',
      pass({ Parameters: { 'x.$': '$$.Map.Item.Value' } }),
      'exists only inside a Map',
    ],
    [
      'an intrinsic nobody knows',
      pass({ Parameters: { 'x.$': 'States.UUID()' } }),
      'States.UUID is not supported (supported: States.Format',
    ],
    [
      'an intrinsic inside one',
      pass({ Parameters: { 'x.$': 'States.Array(States.Hash($.a))' } }),
      'States.Hash is not supported',
    ],
    [
      'an intrinsic of too much',
      pass({ Parameters: { 'x.$': 'States.ArrayLength($.a, 1)' } }),
      'does not take 2 arguments',
    ],
    [
      'an intrinsic that does not end',
      pass({ Parameters: { 'x.$': "States.Format('a'" } }),
      'expected ) or ,',
    ],
    [
      'an intrinsic with a filter',
      pass({ Parameters: { 'x.$': 'States.Array($.a[?(1)])' } }),
      'expected ) or ,',
    ],
    [
      'an intrinsic in the context',
      pass({ Parameters: { 'x.$': 'States.Array($$.Task.Token)' } }),
      'exists only in the Parameters',
    ],
    ['Result beside Parameters', pass({ Result: 1, Parameters: {} }), 'hides Parameters'],
    [
      'a Wait of two times',
      { Type: 'Wait', Seconds: 1, SecondsPath: '$.x', End: true },
      'needs exactly one of Seconds',
    ],
    ['a Wait of no time', { Type: 'Wait', End: true }, 'needs exactly one of Seconds'],
    [
      'a Wait until nonsense',
      { Type: 'Wait', Timestamp: 'noon', End: true },
      'must be an RFC 3339 timestamp',
    ],
    ['Error beside ErrorPath', { Type: 'Fail', Error: 'e', ErrorPath: '$.e' }, 'stands beside Error'],
    ['Cause beside CausePath', { Type: 'Fail', Cause: 'e', CausePath: '$.e' }, 'stands beside Cause'],
    ['a path in Cause', { Type: 'Fail', Cause: '$.failure' }, 'would be used as text, not as a path'],
    [
      'a Choice without rules',
      { Type: 'Choice', Choices: [], Default: 'B' },
      'must be a list that is not empty',
    ],
    ['a rule without Next', choice({ Variable: '$', IsNull: true }), '"Choices[0].Next": is missing'],
    [
      'a rule inside one with Next',
      choice({ Not: { Variable: '$', IsNull: true, Next: 'B' }, Next: 'B' }),
      'belongs to the outermost',
    ],
    [
      'a rule of two comparisons',
      choice({ Variable: '$', IsNull: true, IsString: true, Next: 'B' }),
      'exactly one comparison',
    ],
    ['a rule of no comparison', choice({ Variable: '$', Next: 'B' }), 'exactly one comparison, not none'],
    ['a rule without Variable', choice({ IsNull: true, Next: 'B' }), 'Variable": is missing'],
    [
      'Variable beside And',
      choice({ And: [{ Variable: '$', IsNull: true }], Variable: '$', Next: 'B' }),
      'does not belong here',
    ],
    [
      'an operator nobody knows',
      choice({ Variable: '$', StringMatchesPath: '$.p', Next: 'B' }),
      '"Choices[0].StringMatchesPath": is not',
    ],
    [
      'an operand of another type',
      choice({ Variable: '$', NumericEquals: '1', Next: 'B' }),
      'cannot compare with "1"',
    ],
    ['IsPresent of text', choice({ Variable: '$', IsPresent: 'true', Next: 'B' }), 'must be true or false'],
    [
      'a rule that leads nowhere',
      choice({ Variable: '$', IsNull: true, Next: 'C' }),
      '"Choices[0].Next": there is no state "C"',
    ],
    [
      'a Default that leads nowhere',
      { ...choice({ Variable: '$', IsNull: true, Next: 'B' }), Default: 'C' },
      'field "Default": there',
    ],
    ['a retrier nobody knows', retry({ Attempts: 1 }), '"Retry[0].Attempts": is not supported'],
    [
      'a backoff below one',
      retry({ BackoffRate: 0.5 }),
      '"Retry[0].BackoffRate": must be a number of at least 1',
    ],
    ['another jitter', retry({ JitterStrategy: 'SOME' }), 'must be FULL or NONE'],
    ['no error names', retry({ ErrorEquals: [] }), '"Retry[0].ErrorEquals": must be a list'],
    [
      'an error name that AWS does not have',
      retry({ ErrorEquals: ['States.Everything'] }),
      'not an error that can be caught',
    ],
    [
      'catching what is never caught',
      retry({ ErrorEquals: ['States.Runtime'] }),
      'not an error that can be caught',
    ],
    [
      'States.ALL with others',
      caught({ ...all, ErrorEquals: ['e', 'States.ALL'] }),
      'States.ALL stands alone',
    ],
    [
      'States.ALL before others',
      caught(all, { ErrorEquals: ['e'], Next: 'B' }),
      'field "Catch": States.ALL comes last',
    ],
    ['a catcher without Next', caught({ ErrorEquals: ['e'] }), '"Catch[0].Next": is missing'],
    [
      'a catcher that leads nowhere',
      caught({ ErrorEquals: ['e'], Next: 'C' }),
      '"Catch[0].Next": there is no state "C"',
    ],
    [
      'a distributed Map',
      map({
        ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'I', States: { I: pass() } },
      }),
      'must be INLINE',
    ],
    ['tolerated failures', map({ ToleratedFailureCount: 1 }), '"ToleratedFailureCount": is not supported'],
    [
      'tolerated failures in percent',
      map({ ToleratedFailurePercentage: 1 }),
      '"ToleratedFailurePercentage": is not supported',
    ],
    ['the old Iterator', map({ Iterator: {} }), 'field "Iterator": is not supported'],
    ['an ItemReader', map({ ItemReader: {} }), 'field "ItemReader": is not supported'],
    ['a Map without a graph', { Type: 'Map', End: true }, 'field "ItemProcessor": is missing'],
    [
      'an iteration that leads out',
      map({ ItemProcessor: { StartAt: 'I', States: { I: pass({ Next: 'B' }) } } }),
      'there is no state "B"',
    ],
    [
      'a name used twice',
      map({ ItemProcessor: { StartAt: 'A', States: { A: pass() } } }),
      'two states have this name',
    ],
    [
      'a mistake inside a Map',
      map({ ItemProcessor: { StartAt: 'I', States: { I: pass({ Colour: 1 }) } } }),
      'state "I", field "Colour"',
    ],
    [
      'a mistake inside a Parallel',
      { Type: 'Parallel', End: true, Branches: [{ StartAt: 'I', States: { I: { Type: 'Pass' } } }] },
      'state "I", field "Next"',
    ],
  ])('refuses %s', (_what, state, message) => {
    const needsB = JSON.stringify(state).includes('"B"');
    expect(() => load(needsB ? { A: state, B: pass() } : { A: state })).toThrow(message);
  });

  it('names the state', () => {
    expect(() => load({ Prepare: pass({ Colour: 1 }) })).toThrow(/^state "Prepare", field "Colour"/);
  });

  it('refuses a state that nothing leads to', () => {
    expect(() => load({ A: pass(), B: pass() })).toThrow(
      'state "B", field "States": nothing leads to this state',
    );
  });

  it.each<[Record<string, unknown>, string]>([
    [{ StartAt: 'X' }, 'field "StartAt": there is no state "X"'],
    [{ Colour: 1 }, 'field "Colour": is not supported'],
    [{ QueryLanguage: 'JSONata' }, 'field "QueryLanguage": must be JSONPath'],
    [{ TimeoutSeconds: '5' }, 'field "TimeoutSeconds": must be a whole number'],
  ])('refuses a machine with %j', (machine, message) => {
    expect(() => load({ A: pass() }, machine)).toThrow(message);
  });
});
