import type { Json } from '../../asl/json.ts';
import { parsePath, readPath } from '../../asl/json-path.ts';
import type { BusEvent } from '../event-bus.ts';
import type { Target } from './rule.ts';

/** What a target is sent, as JSON text: the event, a part of it, or a constant. */
export function evaluateInput({ input, inputPath }: Target, event: BusEvent): string {
  if (input !== undefined) return input;
  const whole = event as unknown as Json;
  return JSON.stringify(inputPath === undefined ? whole : (readPath(parsePath(inputPath), whole) ?? null));
}
