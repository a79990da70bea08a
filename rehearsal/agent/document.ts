import { refuseUnknown } from '../assembly/refuse-unknown.ts';

/** An SSM Command document of schema 2.2, as far as the rehearsal runs it. */
export interface CommandDocument {
  readonly parameters: Readonly<Record<string, DocumentParameter>>;
  readonly steps: readonly DocumentStep[];
}

export interface DocumentParameter {
  readonly type: 'String' | 'StringList';
  readonly description?: string;
  readonly default?: string | readonly string[];
  readonly allowedPattern?: string;
  readonly allowedValues?: readonly string[];
  readonly minChars?: number;
  readonly maxChars?: number;
  readonly interpolationType?: 'ENV_VAR';
}

export interface DocumentStep {
  readonly name: string;
  readonly precondition?: Readonly<Record<string, readonly string[]>>;
  readonly inputs: StepInputs;
}

export interface StepInputs {
  readonly runCommand: readonly string[];
  readonly timeoutSeconds?: string | number;
  readonly onFailure?: 'exit' | 'successAndExit';
  readonly onSuccess?: 'exit';
}

type Fields = Record<string, unknown>;

/** Reads a document's content. Throws, naming where, for every field or action that the rehearsal does not run. */
export function readDocument(content: unknown, where: string): CommandDocument {
  const source = (typeof content === 'string' ? JSON.parse(content) : content) as Fields;
  refuseUnknown(source, ['schemaVersion', 'description', 'parameters', 'mainSteps'], where);
  if (source.schemaVersion !== '2.2')
    throw new Error(`${where}: the rehearsal runs schema 2.2, not ${String(source.schemaVersion)}`);
  const parameters = (source.parameters ?? {}) as Record<string, Fields>;
  for (const [name, parameter] of Object.entries(parameters))
    readParameter(name, parameter, `${where}/${name}`);
  const document = {
    parameters: parameters as unknown as Record<string, DocumentParameter>,
    steps: (source.mainSteps as Fields[]).map((step, index) => readStep(step, `${where}/mainSteps/${index}`)),
  };
  refuseMarks(document, where);
  return document;
}

/** Nobody has seen yet what the agent makes of `{{ x }}` when x is an ENV_VAR parameter. */
function refuseMarks({ parameters, steps }: CommandDocument, where: string): void {
  const marks = JSON.stringify(steps).matchAll(/\{\{ *([^ }]+) *\}\}/g);
  for (const [mark, name = ''] of marks)
    if (parameters[name]?.interpolationType)
      throw new Error(`${where}: ${mark} stands for an environment variable: write $SSM_${name}`);
}

const parameterFields = [
  'type',
  'description',
  'default',
  'allowedPattern',
  'allowedValues',
  'minChars',
  'maxChars',
  'interpolationType',
  'displayType',
];

function readParameter(name: string, parameter: Fields, where: string): void {
  if (!/^[a-zA-Z0-9]+$/.test(name))
    throw new Error(
      `${where}: the agent loses the value of a parameter whose name is not all letters and digits`,
    );
  refuseUnknown(parameter, parameterFields, where);
  if (parameter.type !== 'String' && parameter.type !== 'StringList')
    throw new Error(`${where}: the rehearsal passes String and StringList, not ${String(parameter.type)}`);
  const { interpolationType } = parameter;
  if (interpolationType === undefined) return;
  if (interpolationType !== 'ENV_VAR' || parameter.type !== 'String')
    throw new Error(`${where}: interpolationType is ENV_VAR, for a String only`);
}

function readStep(step: Fields, where: string): DocumentStep {
  refuseUnknown(step, ['action', 'name', 'precondition', 'inputs'], where);
  if (step.action !== 'aws:runShellScript')
    throw new Error(`${where}: the rehearsal runs aws:runShellScript, not ${String(step.action)}`);
  const inputs = step.inputs as Fields;
  refuseUnknown(inputs, ['runCommand', 'timeoutSeconds', 'onFailure', 'onSuccess'], `${where}/inputs`);
  if (!Array.isArray(inputs.runCommand))
    throw new Error(`${where}/inputs/runCommand must be a list of lines`);
  return step as unknown as DocumentStep;
}
