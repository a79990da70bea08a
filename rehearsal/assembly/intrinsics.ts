/** What the intrinsic functions need to know of the rest of the template. */
export interface Scope {
  /** A parameter, a pseudo parameter or a resource. */
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): string;
  condition(name: string): boolean;
  mapping(map: string, top: string, second: string): unknown;
  readonly region: string;
}

/** What `{"Ref": "AWS::NoValue"}` becomes: the property is left out. */
export const noValue = Symbol('AWS::NoValue');

type Evaluate = (argument: unknown, scope: Scope) => unknown;

/** Resolves every intrinsic function in a value. Throws, with the function's name, for one it does not know. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, scope)).filter((item) => item !== noValue);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only && isIntrinsic(only[0])) return evaluate(only[0], only[1], scope);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, resolve(item, scope)] as const).filter(([, item]) => item !== noValue),
  );
}

const isIntrinsic = (key: string) => key === 'Ref' || key.startsWith('Fn::');

function evaluate(name: string, argument: unknown, scope: Scope): unknown {
  const intrinsic = intrinsics[name];
  if (!intrinsic) throw new Error(`the rehearsal does not know the intrinsic function ${name}`);
  return intrinsic(argument, scope);
}

const intrinsics: Readonly<Record<string, Evaluate>> = {
  Ref: (name, scope) => scope.ref(asText(name, 'Ref')),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, ...attribute] =
      typeof argument === 'string' ? argument.split('.') : asList(argument, 'Fn::GetAtt');
    return scope.attribute(asText(logicalId, 'Fn::GetAtt'), attribute.join('.'));
  },
  'Fn::Sub': (argument, scope) => {
    if (typeof argument === 'string') return substitute(argument, {}, scope);
    const [template, values] = asList(argument, 'Fn::Sub');
    return substitute(asText(template, 'Fn::Sub'), resolve(values, scope) as Record<string, unknown>, scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, items] = asList(argument, 'Fn::Join');
    return asList(resolve(items, scope), 'Fn::Join')
      .map((item) => asText(item, 'Fn::Join'))
      .join(asText(separator, 'Fn::Join'));
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = asList(resolve(argument, scope), 'Fn::Select');
    const chosen = asList(items, 'Fn::Select')[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select: there is no item ${String(index)}`);
    return chosen;
  },
  'Fn::Split': (argument, scope) => {
    const [separator, source] = asList(resolve(argument, scope), 'Fn::Split');
    return asText(source, 'Fn::Split').split(asText(separator, 'Fn::Split'));
  },
  'Fn::If': (argument, scope) => {
    const [condition, then, otherwise] = asList(argument, 'Fn::If');
    return resolve(scope.condition(asText(condition, 'Fn::If')) ? then : otherwise, scope);
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map, top, second] = asList(resolve(argument, scope), 'Fn::FindInMap').map((key) =>
      asText(key, 'Fn::FindInMap'),
    );
    return scope.mapping(map ?? '', top ?? '', second ?? '');
  },
  'Fn::Base64': (argument, scope) =>
    Buffer.from(asText(resolve(argument, scope), 'Fn::Base64')).toString('base64'),
  'Fn::GetAZs': (_argument, scope) => ['a', 'b', 'c'].map((zone) => `${scope.region}${zone}`),
};

/** Evaluates an entry of Conditions. */
export function evaluateCondition(condition: unknown, scope: Scope): boolean {
  if (typeof condition !== 'object' || condition === null) throw new Error('a condition must be a function');
  const [[name, argument] = ['', undefined]] = Object.entries(condition);
  if (name === 'Condition') return scope.condition(asText(argument, name));
  const operands = () => asList(argument, name);
  if (name === 'Fn::Equals') {
    const [left, right] = operands().map((operand) => JSON.stringify(resolve(operand, scope)));
    return left === right;
  }
  if (name === 'Fn::Not') return !evaluateCondition(operands()[0], scope);
  if (name === 'Fn::And') return operands().every((operand) => evaluateCondition(operand, scope));
  if (name === 'Fn::Or') return operands().some((operand) => evaluateCondition(operand, scope));
  throw new Error(`the rehearsal does not know the condition function ${name}`);
}

function substitute(template: string, values: Record<string, unknown>, scope: Scope): string {
  return template.replace(/\$\{(!?)([^}]+)\}/g, (_match, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in values) return asText(values[name], 'Fn::Sub');
    if (!name.includes('.')) return asText(scope.ref(name), 'Fn::Sub');
    const [logicalId, ...attribute] = name.split('.');
    return scope.attribute(logicalId ?? '', attribute.join('.'));
  });
}

function asList(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${where} needs a list, not ${JSON.stringify(value)}`);
  return value;
}

function asText(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${where} needs a text, not ${JSON.stringify(value) ?? String(value)}`);
}
