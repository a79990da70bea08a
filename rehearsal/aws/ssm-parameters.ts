import type { DeployedStack } from '../assembly-types.ts';
import { list, optionalNumber, optionalText, page, refuseOthers, text } from './input.ts';
import { AwsError } from './service.ts';

/** A parameter of Parameter Store. */
export interface StoredParameter {
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly value: string;
  readonly version: number;
}

type Input = Record<string, unknown>;

/** Parameter Store: names are paths. Values of SecureStrings stay sealed unless WithDecryption asks for them. */
export class ParameterStore {
  readonly #parameters = new Map<string, StoredParameter>();
  readonly #toArn: (name: string) => string;

  constructor(toArn: (name: string) => string) {
    this.#toArn = toArn;
  }

  /** The stack's own. */
  deploy(stack: DeployedStack): void {
    for (const { type, ref, properties } of stack.resources)
      if (type === 'AWS::SSM::Parameter')
        this.put(ref, String(properties.Value), properties.Type as StoredParameter['type']);
  }

  /** What a person does in the console. */
  put(name: string, value: string, type: StoredParameter['type'] = 'String'): void {
    const version = (this.#parameters.get(name)?.version ?? 0) + 1;
    this.#parameters.set(name, { type, value, version });
  }

  remove(name: string): void {
    this.#parameters.delete(name);
  }

  getParametersByPath(input: Input) {
    refuseOthers('GetParametersByPath', input, [
      'Path',
      'Recursive',
      'WithDecryption',
      'MaxResults',
      'NextToken',
    ]);
    const path = text(input, 'Path');
    if (!path.startsWith('/'))
      throw new AwsError('ValidationException', 'The parameter path must begin with "/".');
    const size = optionalNumber(input, 'MaxResults') ?? 10;
    if (size < 1 || size > 10)
      throw new AwsError(
        'ValidationException',
        `Value '${size}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 10`,
      );
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const names = [...this.#parameters.keys()]
      .sort()
      .filter((name) => isBelow(name, prefix, input.Recursive === true));
    const { items, NextToken } = page(names, optionalText(input, 'NextToken'), size);
    return { Parameters: items.map((name) => this.#describe(name, input)), NextToken };
  }

  getParameter(input: Input) {
    refuseOthers('GetParameter', input, ['Name', 'WithDecryption']);
    const name = text(input, 'Name');
    if (!this.#parameters.has(name)) throw new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
    return { Parameter: this.#describe(name, input) };
  }

  getParameters(input: Input) {
    refuseOthers('GetParameters', input, ['Names', 'WithDecryption']);
    const names = list(input, 'Names');
    return {
      Parameters: names
        .filter((name) => this.#parameters.has(name))
        .map((name) => this.#describe(name, input)),
      InvalidParameters: names.filter((name) => !this.#parameters.has(name)),
    };
  }

  #describe(name: string, { WithDecryption }: Input) {
    const { type, value, version } = this.#parameters.get(name)!;
    const sealed = type === 'SecureString' && WithDecryption !== true;
    return {
      Name: name,
      Type: type,
      Value: sealed ? Buffer.from(`sealed:${name}:${version}`).toString('base64') : value,
      Version: version,
      ARN: this.#toArn(name),
      DataType: 'text',
    };
  }
}

const isBelow = (name: string, prefix: string, recursive: boolean) =>
  name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes('/'));
