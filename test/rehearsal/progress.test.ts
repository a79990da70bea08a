import { expect, test } from 'vitest';
import type { HistoryEvent } from '../../rehearsal/asl/history.ts';
import { Progress } from '../../rehearsal/progress.ts';

const event = (type: string, timestamp: number, more: Partial<HistoryEvent> = {}) =>
  ({ type, timestamp, name: 'Inspect', ...more }) as HistoryEvent;

function written(terminal: boolean): string {
  let text = '';
  const progress = new Progress((part) => (text += part), terminal);
  progress.note('one', event('TaskStateEntered', 1000));
  progress.note('one', event('TaskFailed', 1250, { error: 'host-lost' }));
  progress.note('one', event('TaskStateEntered', 2000));
  progress.note('one', event('TaskSucceeded', 3500));
  progress.say('done');
  return text;
}

test('a line tells of each step when it has ended, and of its failure', () => {
  expect(written(false)).toBe(
    '  Inspect             250 ms  host-lost\n  Inspect              1.5 s\ndone\n',
  );
});

test('a terminal shows the step that runs, until it has ended', () => {
  const running = '  Inspect ...\r\u001b[K';
  expect(written(true)).toBe(
    `${running}  Inspect             250 ms  host-lost\n${running}  Inspect              1.5 s\ndone\n`,
  );
});
