import type { Template } from 'aws-cdk-lib/assertions';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly [attribute: string]: unknown;
}
export interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** All resources, or all of a type. */
export function resourcesOf(template: Template, type?: string): Record<string, Resource> {
  const { Resources } = template.toJSON() as { Resources: Record<string, Resource> };
  return Object.fromEntries(Object.entries(Resources).filter(([, { Type }]) => !type || Type === type));
}

/** The one resource of the type whose logical id begins so. */
export function resourceNamed(
  template: Template,
  type: string,
  prefix: string,
): Resource & { readonly id: string } {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  if (found.length !== 1) throw new Error(`${found.length} resources of ${type} are named ${prefix}...`);
  const [id, resource] = found[0]!;
  return { ...(resource as Resource), id };
}

/** Every statement that a role has, from its own policies and those attached to it. */
export function statementsOf(template: Template, rolePrefix: string): Statement[] {
  const { id, Properties } = resourceNamed(template, 'AWS::IAM::Role', rolePrefix);
  const attached = Object.values(template.findResources('AWS::IAM::Policy')).filter(
    ({ Properties: policy }) => JSON.stringify(policy.Roles) === JSON.stringify([{ Ref: id }]),
  );
  const own = (Properties.Policies ?? []) as { PolicyDocument: { Statement: Statement[] } }[];
  return [
    ...own.map(({ PolicyDocument }) => PolicyDocument),
    ...attached.map((p) => p.Properties.PolicyDocument),
  ].flatMap(({ Statement }) => Statement as Statement[]);
}

export const actionsOf = (statements: readonly Statement[]): string[] =>
  statements.flatMap(({ Action }) => Action).sort();

/** An intrinsic as a person would write it: `<Ref>` and `<Id.Attribute>` in plain text. */
export function render(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, inner]] = Object.entries(value as Record<string, unknown>) as [[string, unknown]];
  if (name === 'Ref') return `<${String(inner)}>`;
  if (name === 'Fn::GetAtt') return `<${(inner as string[]).join('.')}>`;
  if (name === 'Fn::Join') return (inner as [string, unknown[]])[1].map(render).join((inner as [string])[0]);
  throw new Error(`render does not know ${name}`);
}
