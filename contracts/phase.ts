import type * as z from 'zod/mini';
import { appNamePattern, deploymentIdPattern } from './build-version.ts';
import type { AppConfig } from './config.ts';
import type { FailureId } from './failure.ts';
import type { PhaseName } from './phase-name.ts';
import type { DeploymentPlan } from './plan.ts';

/**
 * A parameter of a phase's SSM document. It reaches the script as the environment variable SSM_<name>, never by textual
 * substitution. `pattern` is checked by SSM (Java) and by the agent (Go's RE2): keep to what the two share. RE2 repeats at most
 * 1,000 times, nested counts multiplied, and the agent fails the command if it cannot compile a pattern.
 * Source: amazon-ssm-agent, allowedregexparamvalidator.go; Go, regexp/syntax, repeatIsValid.
 */
export interface PhaseParameter {
  readonly description: string;
  readonly pattern: string;
}

export interface PhaseDefinition {
  readonly name: PhaseName;
  readonly description: string;
  /** Besides those that every phase takes. */
  readonly parameters: Readonly<Record<string, PhaseParameter>>;
  /** Values for `parameters`, from the plan. */
  readonly valuesFrom: (plan: DeploymentPlan) => Record<string, string>;
  /** Seconds the script may run before the agent kills it. */
  readonly executionSeconds: (about: { readonly app: AppConfig }) => number;
  /** What the receipt of a finished phase says. */
  readonly facts: z.ZodMiniType<Record<string, unknown>>;
  /** The failures a host may name in this phase, besides those of every phase. */
  readonly failures: readonly FailureId[];
  /** Runs on the first host of the first wave only. */
  readonly onOneHost?: boolean;
}

export const commonFailures: readonly FailureId[] = [
  'invalid-parameter',
  'fence-stale',
  'host-busy',
  'phase-crashed',
  'disk-full',
];

/** The parameters that every phase takes. executionTimeout is the document's own: it becomes the step's timeoutSeconds. */
export const commonParameters = {
  app: { description: 'Name of the app', pattern: appNamePattern },
  deploymentId: { description: 'The deployment this phase belongs to', pattern: deploymentIdPattern },
  fence: { description: 'Fence number of the deployment', pattern: '^[1-9][0-9]{0,8}$' },
} as const satisfies Record<string, PhaseParameter>;

export const executionTimeoutParameter: PhaseParameter = {
  description: 'Seconds the phase may run',
  pattern: '^[1-9][0-9]{0,4}$',
};

/** Seconds SSM may take to hand a command to an agent. SendCommand accepts 30 to 2,592,000. */
export const deliverySeconds = 120;
const sweepSeconds = 60;
const marginSeconds = 60;

/**
 * Seconds the graph waits for a phase: longer than anything that can still report it, the sweep included. SSM gives up
 * delivering only after its TimeoutSeconds plus the execution timeout, and then the script may still run that long.
 * Source: Systems Manager user guide, "Understanding command timeouts".
 */
export function taskTimeoutSeconds(phase: PhaseDefinition, app: AppConfig): number {
  return deliverySeconds + 2 * phase.executionSeconds({ app }) + sweepSeconds + marginSeconds;
}

/** All parameters of a phase for a plan, as SSM wants them: every value a string. */
export function phaseParameters(phase: PhaseDefinition, plan: DeploymentPlan): Record<string, string> {
  return {
    app: plan.app.name,
    deploymentId: plan.deploymentId,
    fence: String(plan.fence),
    ...phase.valuesFrom(plan),
    executionTimeout: String(phase.executionSeconds(plan)),
  };
}
