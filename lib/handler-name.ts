/** The Lambdas that the graph calls: `lambdas/<name>.ts`, in the ASL `${<camelCaseName>Arn}`. */
export const graphHandlers = [
  'accept-request',
  'acquire-lease',
  'resolve-image',
  'find-hosts',
  'run-phase',
  'commit-release',
  'close-deployment',
] as const;

/** The Lambdas that events and the clock call. */
export const eventHandlers = ['judge-phase', 'sweep', 'close-execution'] as const;

/** In every stack. */
export const deployHandlers = [...graphHandlers, ...eventHandlers] as const;
export type DeployHandlerName = (typeof deployHandlers)[number];

/** With the one that checks the hosts, and the one that only a stack has whose apps ask for it. */
export const handlerNames = [...deployHandlers, 'check-hosts', 'expire-images'] as const;
export type HandlerName = (typeof handlerNames)[number];

/** `run-phase` is RunPhase as a construct. */
export const pascalCase = (name: string) =>
  name.replace(/(^|-)([a-z0-9])/g, (_, _dash, letter) => letter.toUpperCase());

/** `run-phase` is `runPhaseArn` in the ASL. */
export function substitutionOf(name: HandlerName): string {
  const pascal = pascalCase(name);
  return `${pascal[0]!.toLowerCase()}${pascal.slice(1)}Arn`;
}
