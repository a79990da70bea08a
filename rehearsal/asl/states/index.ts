import type { State } from '../definition.ts';
import type { StateType } from '../run.ts';
import { choice } from './choice.ts';
import { fail } from './fail.ts';
import { map } from './map.ts';
import { parallel } from './parallel.ts';
import { pass } from './pass.ts';
import { succeed } from './succeed.ts';
import { task } from './task.ts';
import { wait } from './wait.ts';

type StateTypes = { readonly [T in State['Type']]: StateType<Extract<State, { Type: T }>> };

const stateTypes: StateTypes = {
  Task: task,
  Map: map,
  Parallel: parallel,
  Choice: choice,
  Pass: pass,
  Wait: wait,
  Succeed: succeed,
  Fail: fail,
};

export const stateTypeNames = Object.keys(stateTypes);

export const typeOf = (state: State): StateType<State> => stateTypes[state.Type] as StateType<State>;
