import type { TemplateParameter } from './read-manifest.ts';

const listTypes = /^(CommaDelimitedList|List<.+>)$/;

/** Finds a template parameter's value as CloudFormation does: the given one or the default, checked. */
export function resolveParameter(
  name: string,
  parameter: TemplateParameter,
  given: string | undefined,
): string | string[] {
  if (parameter.Type.startsWith('AWS::SSM::') && given === undefined)
    throw new Error(
      `the stack's parameter ${name} is read from Parameter Store by CloudFormation (${parameter.Type}): give its value`,
    );
  const value = given ?? parameter.Default;
  if (value === undefined) throw new Error(`the stack's parameter ${name} has no default: give its value`);
  const text = String(value);
  check(name, parameter, text);
  return listTypes.test(parameter.Type) ? text.split(',').map((item) => item.trim()) : text;
}

/** AllowedPattern is anchored by CloudFormation. Source: CloudFormation user guide, "Parameters". */
function check(name: string, { AllowedPattern, AllowedValues }: TemplateParameter, value: string): void {
  if (AllowedPattern !== undefined && !new RegExp(`^(?:${AllowedPattern})$`).test(value))
    throw new Error(
      `the stack's parameter ${name} = ${JSON.stringify(value)} does not match ${AllowedPattern}`,
    );
  if (AllowedValues && !AllowedValues.map(String).includes(value))
    throw new Error(
      `the stack's parameter ${name} = ${JSON.stringify(value)} is none of ${AllowedValues.join(', ')}`,
    );
}
