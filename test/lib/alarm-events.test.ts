import { describe, expect, test } from 'vitest';
import { inPatterns } from '../../lib/alarm-events.ts';
import { configWith, synthesize } from './synthesize.ts';
import { actionsOf, resourcesOf, statementsOf } from './template-parts.ts';

const rulesOf = (template: ReturnType<typeof synthesize>) =>
  Object.entries(resourcesOf(template, 'AWS::Events::Rule')).flatMap(([id, { Properties }]) =>
    id.startsWith('AlarmEvents') ? [Properties.EventPattern] : [],
  );
const readersOf = (template: ReturnType<typeof synthesize>) =>
  ['FindHosts', 'JudgePhase', 'Sweep', 'RunPhase'].filter((name) =>
    actionsOf(statementsOf(template, `Functions${name}Role`)).includes('cloudwatch:DescribeAlarms'),
  );

describe('alarms that a release heeds', () => {
  test('wake judge-phase when they are raised', () => {
    const template = synthesize(configWith({ rollout: { alarms: ['web-errors', 'web-slow'] } }));
    expect(rulesOf(template)).toEqual([
      {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        detail: { alarmName: ['web-errors', 'web-slow'], state: { value: ['ALARM'] } },
      },
    ]);
    expect(readersOf(template)).toEqual(['FindHosts', 'JudgePhase', 'Sweep']);
  });

  test('are nobody’s business where none is configured', () => {
    const template = synthesize();
    expect(rulesOf(template)).toEqual([]);
    expect(readersOf(template)).toEqual([]);
  });

  test('come in as many patterns as they need, each with less than EventBridge’s 2,048 characters', () => {
    const names = Array.from({ length: 20 }, (_, index) => String(index).padStart(255, '"'));
    const lists = inPatterns(names);
    expect(lists.flat()).toEqual(names);
    const rest = { source: ['aws.cloudwatch'], 'detail-type': ['CloudWatch Alarm State Change'] };
    for (const alarmName of lists) {
      const pattern = { ...rest, detail: { alarmName, state: { value: ['ALARM'] } } };
      expect(JSON.stringify(pattern).length).toBeLessThan(2048);
    }
  });
});
