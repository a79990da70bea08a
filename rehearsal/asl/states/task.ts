import { continued, filtered, guarded, seconds } from '../common-fields.ts';
import { callbackResource, invokeResource, type TaskState } from '../definition.ts';
import { refuse, within, type Where } from '../definition-error.ts';
import { oneOf, referencePath, template } from '../field-checks.ts';
import type { StateType } from '../run.ts';
import { runTask } from '../run-task.ts';

export const task: StateType<TaskState> = {
  fields: {
    ...filtered,
    ...continued,
    ...guarded,
    Resource: oneOf(invokeResource, callbackResource),
    Parameters: template,
    TimeoutSeconds: seconds,
    TimeoutSecondsPath: referencePath,
    HeartbeatSeconds: seconds,
    HeartbeatSecondsPath: referencePath,
  },
  required: ['Resource', 'Parameters'],
  check: checkTask,
  run: runTask,
};

function checkTask(state: TaskState, where: Where): void {
  for (const field of Object.keys(state.Parameters)) {
    if (!/^(FunctionName|Payload)(\.\$)?$/.test(field))
      refuse(within(where, `Parameters.${field}`), 'is not supported');
  }
  const names = ['FunctionName', 'FunctionName.$'];
  if (!names.some((name) => name in state.Parameters))
    refuse(within(where, 'Parameters.FunctionName'), 'is missing');
  checkTimeouts(state, where);
  const sendsToken = JSON.stringify(state.Parameters).includes('$$.Task.Token');
  if (state.Resource === callbackResource && !sendsToken)
    refuse(within(where, 'Parameters'), 'sends no $$.Task.Token');
}

function checkTimeouts(state: TaskState, where: Where): void {
  const { TimeoutSeconds, TimeoutSecondsPath, HeartbeatSeconds, HeartbeatSecondsPath } = state;
  if (TimeoutSeconds && TimeoutSecondsPath)
    refuse(within(where, 'TimeoutSecondsPath'), 'stands beside TimeoutSeconds');
  if (HeartbeatSeconds && HeartbeatSecondsPath)
    refuse(within(where, 'HeartbeatSecondsPath'), 'stands beside HeartbeatSeconds');
  const beats = HeartbeatSeconds ?? HeartbeatSecondsPath;
  if (beats && state.Resource === invokeResource)
    refuse(within(where, 'HeartbeatSeconds'), 'needs .waitForTaskToken');
  if (HeartbeatSeconds && TimeoutSeconds && HeartbeatSeconds >= TimeoutSeconds) {
    refuse(within(where, 'HeartbeatSeconds'), 'must be less than TimeoutSeconds');
  }
}
