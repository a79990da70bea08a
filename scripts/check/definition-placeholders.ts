import { graphHandlers, substitutionOf } from '../../lib/handler-name.ts';

/** Each `${name}` is a handler's ARN and each handler is used: a missing substitution passes synth with a warning only. */
export function placeholderProblems(text: string): string[] {
  const used = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!));
  const known = new Set(graphHandlers.map(substitutionOf));
  return [
    ...[...used].filter((name) => !known.has(name)).map((name) => `\${${name}} is the ARN of no handler`),
    ...[...known].filter((name) => !used.has(name)).map((name) => `\${${name}} is used by no state`),
  ];
}
