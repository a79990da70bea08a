import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../contracts/config.ts';
import { failureIds } from '../../contracts/failure.ts';
import { deliverySeconds, executionTimeoutParameter, taskTimeoutSeconds } from '../../contracts/phase.ts';
import { phaseNames, type PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { sentAgain } from '../../lambdas/lib/judge.ts';
import { appSettings } from '../../lib/app-settings.ts';
import { callErrors } from '../../scripts/check/definition-rules.ts';
import { graphHandlers, pascalCase, substitutionOf } from '../../lib/handler-name.ts';
import { allStates, source, substituted, type AslState } from './read-graph.ts';

const validate = createRequire(import.meta.url)('asl-validator') as (definition: unknown) => {
  isValid: boolean;
  errorsText: () => string;
};

const states = Object.entries(allStates());
const tasks = states.filter(([, { Type }]) => Type === 'Task');
const waiting = tasks.filter(([, { Resource }]) => Resource?.endsWith('.waitForTaskToken'));
const rulesOf = ({ Retry = [], Catch = [] }: AslState) => [...Retry, ...Catch];
const guarded = states.filter(([, state]) => rulesOf(state).length > 0);

describe('the definition', () => {
  test('is valid Amazon States Language', () => {
    const result = validate(JSON.parse(substituted));
    expect(result.errorsText()).toBe('');
    expect(result.isValid).toBe(true);
  });

  test('names the functions of handlers that exist, and every one that is meant for it', () => {
    const named = new Set([...source.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual(graphHandlers.map(substitutionOf).sort());
    for (const name of graphHandlers)
      expect(existsSync(join(import.meta.dirname, '..', '..', 'lambdas', `${name}.ts`))).toBe(true);
  });

  test('has every phase in one state, which bears its name', () => {
    const sent = waiting.map(([name, { Parameters }]) => [Parameters!.Payload!.phase, name]);
    expect(sent.sort()).toEqual(phaseNames.map((phase) => [phase, pascalCase(phase)]).sort());
  });
});

describe('an error', () => {
  test.each(guarded)(
    'that %s retries or catches is one that can come: a failure’s id, a platform’s name or an error of its calls',
    (_, state) => {
      for (const { ErrorEquals } of rulesOf(state))
        for (const error of ErrorEquals)
          if (!/^(States|Lambda|Sandbox|Runtime)\.[A-Z]/.test(error))
            expect([...failureIds, ...callErrors]).toContain(error);
    },
  );

  test.each(guarded)('is caught by name first in %s, and all others last', (_, state) => {
    for (const rules of [state.Retry ?? [], state.Catch ?? []])
      for (const [index, { ErrorEquals }] of rules.entries())
        if (ErrorEquals.includes('States.ALL')) {
          expect(ErrorEquals).toEqual(['States.ALL']);
          expect(index).toBe(rules.length - 1);
        }
  });

  test.each(guarded)('that %s catches keeps what the deployment knows', (_, { Catch = [] }) => {
    for (const { ResultPath } of Catch) expect(ResultPath).toMatch(/^\$\.(failure|retireFailure|revert)$/);
  });

  test.each(waiting)(
    'of a phase is tried again in %s as its judge expects',
    (_, { Parameters, Retry = [] }) => {
      const expected = sentAgain(Parameters!.Payload!.phase as PhaseName);
      expect(Retry[0]!.ErrorEquals.filter((error) => !error.startsWith('States.'))).toEqual(expected);
    },
  );

  test.each(tasks)('of a Lambda’s platform is tried again in %s', (_, { Retry = [] }) => {
    const retried = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
    for (const error of ['Lambda.TooManyRequestsException', 'Lambda.ServiceException', 'Sandbox.Timedout'])
      expect(retried).toContain(error);
  });
});

describe('a choice', () => {
  const choices = states.filter(([, { Type }]) => Type === 'Choice');
  test.each(choices)('%s that finds nothing true ends in failure', (_, { Default }) => {
    expect(Default).toBeDefined();
    const { Type } = allStates()[Default!]!;
    expect(Type === 'Fail' || Default === 'CloseDeployment').toBe(true);
  });
});

describe('a task', () => {
  test.each(tasks)('%s has a timeout', (_, { TimeoutSeconds, TimeoutSecondsPath }) => {
    expect(TimeoutSeconds ?? TimeoutSecondsPath).toBeDefined();
  });

  test.each(waiting)(
    '%s hands its token over, and waits as long as the plan says for its phase',
    (_, state) => {
      const payload = state.Parameters!.Payload!;
      expect(payload['taskToken.$']).toBe('$$.Task.Token');
      expect(state.TimeoutSecondsPath).toBe(`$.plan.app.taskTimeouts['${payload.phase as string}']`);
    },
  );

  const lasts = waiting.filter(([name, { End }]) => End && name !== 'RunMigrations');
  test.each(lasts)(
    '%s, the last of a wave, does not hand the plan on: the waves’ outputs add up',
    (_, { OutputPath }) => {
      expect(OutputPath).toMatch(/^\$\.(waveIndex|revert)$/);
    },
  );
});

describe('the time a task waits', () => {
  const longest = { health: 900, bake: 3600, drain: 3600, stop: 3600, migration: 7200 };
  const shortest = { health: 1, bake: 0, drain: 0, stop: 1, migration: 1 };
  const appWith = (timeouts: typeof longest) => {
    const tag = { key: 'a', value: 'b' };
    return appSettings(
      parseConfig({
        hosts: { fleet: { tag, volume: { tag } } },
        apps: [{ name: 'web', repository: { name: 'web' }, hosts: 'fleet', timeouts }],
      }),
    )[0]!;
  };

  test.each([longest, shortest])('is longer than delivery, execution and a sweep: %j', (timeouts) => {
    const app = appWith(timeouts);
    for (const name of phaseNames) {
      const execution = phases[name].executionSeconds({ app });
      expect(taskTimeoutSeconds(phases[name], app)).toBeGreaterThan(deliverySeconds + execution + 60);
      // The agent takes 5 to 172,800 seconds; anything else silently becomes an hour.
      expect(execution).toBeGreaterThanOrEqual(5);
      expect(execution).toBeLessThanOrEqual(172_800);
      expect(String(execution)).toMatch(new RegExp(executionTimeoutParameter.pattern));
    }
  });
});
