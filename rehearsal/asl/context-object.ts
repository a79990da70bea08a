import type { Where } from './definition-error.ts';
import type { Json, JsonObject } from './json.ts';
import type { JsonPath } from './json-path.ts';

/** What `$$` shows to a state. Source: Step Functions Developer Guide, "Context object". */
export interface ContextObject extends JsonObject {
  readonly Execution: {
    readonly Id: string;
    readonly Input: Json;
    readonly Name: string;
    readonly RoleArn: string;
    readonly StartTime: string;
    readonly RedriveCount: number;
  };
  readonly StateMachine: { readonly Id: string; readonly Name: string };
}

const fields: Readonly<Record<string, readonly string[]>> = {
  Execution: ['Id', 'Input', 'Name', 'RoleArn', 'StartTime', 'RedriveCount'],
  State: ['Name', 'EnteredTime', 'RetryCount'],
  StateMachine: ['Id', 'Name'],
  Task: ['Token'],
  Map: ['Item'],
};

/** What is wrong with a path into the context object at this place of a definition, if anything. */
export function contextProblem({ root, text, segments }: JsonPath, where: Where): string | undefined {
  if (root === '$' || segments.length === 0) return undefined;
  const [group = '', field] = segments.map((segment) => ('key' in segment ? segment.key : '*'));
  const names = fields[group];
  if (!names || (field !== undefined && !names.includes(field))) return `the context object has no ${text}`;
  if (group === 'Map' && !where.insideMap) return `${text} exists only inside a Map`;
  if (group === 'Task' && !where.hasToken)
    return `${text} exists only in the Parameters of a .waitForTaskToken task`;
  return undefined;
}
