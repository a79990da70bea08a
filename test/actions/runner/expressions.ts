/** Contexts by name, such as steps, needs, inputs. */
export type Contexts = Readonly<Record<string, unknown>>;

/** Puts in the values of `${{ a.b.c }}`: the only expressions in use. Whatever is not there is the empty string, as on GitHub. */
export function evaluate(text: string | number | boolean, contexts: Contexts): string {
  return String(text).replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) =>
    valueOf(expression, contexts),
  );
}

function valueOf(expression: string, contexts: Contexts): string {
  if (!/^[a-z_]+(\.[A-Za-z0-9_-]+)+$/.test(expression)) throw new Error(`not modelled: ${expression}`);
  const [first, ...path] = expression.split('.');
  if (!(first! in contexts)) throw new Error(`no context ${first} here: ${expression}`);
  const value = path.reduce<unknown>((at, key) => (at as Contexts | undefined)?.[key], contexts[first!]);
  return value === undefined ? '' : String(value);
}

/** Only that of a step that always runs. */
export function isAlways(condition: string | undefined): boolean {
  if (condition !== undefined && condition !== 'always()') throw new Error(`not modelled: if: ${condition}`);
  return condition !== undefined;
}

/** The secrets that a part of a workflow refers to: GitHub sends a job no others. */
export function referredSecrets(part: unknown): string[] {
  const expressions = JSON.stringify(part).match(/\$\{\{.*?\}\}/g) ?? [];
  return expressions.flatMap((one) =>
    [...one.matchAll(/secrets\.([A-Za-z0-9_]+)/g)].map(([, name]) => name!),
  );
}
