/** An IAM pattern: `*` is any text, `?` any character. */
export function matchesPattern(pattern: string, value: string, ignoreCase = false): boolean {
  return toExpression(pattern, ignoreCase).test(value);
}

const expressions = new Map<string, RegExp>();

function toExpression(pattern: string, ignoreCase: boolean): RegExp {
  const key = `${ignoreCase}${pattern}`;
  const known = expressions.get(key);
  if (known) return known;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, ignoreCase ? 'is' : 's');
  expressions.set(key, expression);
  return expression;
}
