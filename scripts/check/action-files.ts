/** As much of workflows and actions as the checks and the pretend runner look at. Source: GitHub's "Workflow syntax". */
export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Values;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Values;
}
export type Values = Readonly<Record<string, string | number | boolean>>;

export interface Input {
  readonly required?: boolean;
  readonly default?: string | number | boolean;
  readonly type?: string;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly env?: Values;
  /** A reusable workflow, instead of steps. */
  readonly uses?: string;
  readonly with?: Values;
  readonly permissions?: unknown;
  readonly secrets?: unknown;
}

export interface Workflow {
  readonly on: {
    readonly workflow_call?: {
      readonly inputs?: Readonly<Record<string, Input>>;
      readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
    };
  };
  readonly env?: Values;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Action {
  readonly inputs?: Readonly<Record<string, Input>>;
  readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export const stepsOf = (workflow: Workflow): readonly Step[] =>
  Object.values(workflow.jobs).flatMap(({ steps = [] }) => steps);

/** A composite action's steps as a job's, its outputs as the job's: actionlint reads workflows only. */
export function asWorkflow({ inputs = {}, outputs = {}, runs }: Action) {
  const strings = Object.keys(inputs).map((name) => [name, { type: 'string' }]);
  const values = Object.entries(outputs).map(([name, { value }]) => [name, value]);
  return {
    on: { workflow_call: { inputs: Object.fromEntries(strings) as Record<string, Input> } },
    jobs: {
      action: {
        'runs-on': 'ubuntu-latest',
        ...(values.length > 0 && { outputs: Object.fromEntries(values) as Record<string, string> }),
        steps: runs.steps,
      },
    },
  };
}

/** Where our own actions and workflows are, to whoever writes `uses:`. */
const own = { repository: 'edgepaas/edgepaas', ref: 'v1' };

/** What `uses:` says for a path of ours. */
export const usesOf = (path: string) => `${own.repository}/${path}@${own.ref}`;

/** The path in this repository of what a `uses:` of ours names; undefined for another one's. */
export function ownPath(uses: string): string | undefined {
  if (!uses.startsWith(`${own.repository}/`) || !uses.endsWith(`@${own.ref}`)) return undefined;
  const path = uses.slice(own.repository.length + 1, -own.ref.length - 1);
  return path.endsWith('.yml') ? path : `${path}/action.yml`;
}
