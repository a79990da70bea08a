import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerNames, substitutionOf } from '../../lib/handler-name.ts';

export const source = readFileSync(
  join(import.meta.dirname, '..', '..', 'state-machines', 'deploy.asl.json'),
  'utf8',
);

/** The definition as it is deployed, with a handler's name where its function's ARN will be. */
export const substituted = handlerNames.reduce(
  (text, name) => text.replaceAll(`\${${substitutionOf(name)}}`, name),
  source,
);

export interface AslState {
  readonly Type: string;
  readonly Resource?: string;
  readonly Parameters?: { readonly FunctionName?: string; readonly Payload?: Record<string, unknown> };
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly OutputPath?: string;
  readonly ResultPath?: string | null;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly ResultPath?: string;
    readonly Next: string;
  }[];
  readonly Default?: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, AslState>> };
}

/** Every state of the graph by its name, those inside a Map included. */
export function allStates(states = (JSON.parse(substituted) as { States: Record<string, AslState> }).States) {
  const found: Record<string, AslState> = {};
  for (const [name, state] of Object.entries(states)) {
    found[name] = state;
    if (state.ItemProcessor) Object.assign(found, allStates(state.ItemProcessor.States));
  }
  return found;
}
