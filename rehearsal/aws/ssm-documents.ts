import { createHash } from 'node:crypto';
import { readDocument, type CommandDocument, type DocumentParameter } from '../agent/document.ts';
import type { DeployedResource, DeployedStack } from '../assembly-types.ts';
import { list, optionalNumber, optionalText, page, refuseOthers, text } from './input.ts';
import { AwsError } from './service.ts';

export interface StoredDocument {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly document: CommandDocument;
  readonly size: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly targetType?: string;
}

/** Bytes of a document together with its parameters. Source: Systems Manager quotas. */
const sizeLimit = 65_536;

/** The account's own SSM documents, with all their versions. */
export class DocumentStore {
  readonly #versions = new Map<string, StoredDocument[]>();

  /** Deploys a stack's documents: changed content becomes a new version, and the default one. */
  deploy(stack: DeployedStack): void {
    for (const resource of stack.resources) if (resource.type === 'AWS::SSM::Document') this.#put(resource);
  }

  #put({ ref, logicalId, properties }: DeployedResource): void {
    if (properties.DocumentType !== 'Command')
      throw new Error(`${logicalId}: the rehearsal runs Command documents only`);
    const source = JSON.stringify(properties.Content);
    if (source.length > sizeLimit)
      throw new Error(`${logicalId} has ${source.length} bytes; SSM takes ${sizeLimit}`);
    const hash = createHash('sha256').update(source).digest('hex');
    const versions = this.#versions.get(ref) ?? [];
    if (versions.at(-1)?.hash === hash) return;
    const stored: StoredDocument = {
      name: ref,
      version: String(versions.length + 1),
      hash,
      document: readDocument(properties.Content, logicalId),
      size: source.length,
      tags: tagsOf(properties.Tags),
    };
    this.#versions.set(ref, [...versions, stored]);
  }

  /** By name or ARN, and a number, `$DEFAULT` or `$LATEST`. */
  find(nameOrArn: string, version = '$DEFAULT'): StoredDocument {
    const name = nameOrArn.replace(/^arn:[^/]+:document\//, '');
    const versions = this.#versions.get(name);
    if (!versions) throw new AwsError('InvalidDocument', `Document with name ${name} does not exist.`);
    const found = version.startsWith('$')
      ? versions.at(-1)
      : versions.find((stored) => stored.version === version);
    if (found) return found;
    throw new AwsError('InvalidDocumentVersion', `Document version ${version} does not exist for ${name}.`);
  }

  describe(input: Record<string, unknown>) {
    refuseOthers('DescribeDocument', input, ['Name', 'DocumentVersion']);
    const stored = this.find(text(input, 'Name'), optionalText(input, 'DocumentVersion'));
    const { version } = this.find(stored.name);
    return {
      Document: {
        ...toIdentifier(stored),
        LatestVersion: version,
        DefaultVersion: version,
        Status: 'Active',
        Parameters: Object.keys(stored.document.parameters).map((Name) => ({ Name, Type: 'String' })),
      },
    };
  }

  list(input: Record<string, unknown>) {
    const filters = list<{ Key: string; Values: string[] }>(input, 'Filters');
    const all = [...this.#versions.values()].map((versions) => versions.at(-1)!);
    const matching = all.filter((stored) => filters.every((filter) => matches(stored, filter)));
    const { items, NextToken } = page(
      matching,
      optionalText(input, 'NextToken'),
      optionalNumber(input, 'MaxResults') ?? 10,
    );
    return { DocumentIdentifiers: items.map(toIdentifier), NextToken };
  }
}

function matches(stored: StoredDocument, { Key, Values }: { Key: string; Values: string[] }): boolean {
  if (Key === 'Owner') return Values.some((value) => ['Self', 'All', 'Private'].includes(value));
  if (Key === 'Name') return Values.some((value) => stored.name.startsWith(value));
  if (Key === 'DocumentType') return Values.includes('Command');
  if (Key.startsWith('tag:')) return Values.some((value) => value === stored.tags[Key.slice(4)]);
  throw new AwsError('InvalidFilterKey', `The rehearsal's ListDocuments does not know the filter ${Key}`);
}

const toIdentifier = ({ name, version, tags }: StoredDocument) => ({
  Name: name,
  DocumentVersion: version,
  DocumentType: 'Command',
  DocumentFormat: 'JSON',
  SchemaVersion: '2.2',
  Owner: '123456789012',
  PlatformTypes: ['Linux', 'MacOS'],
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});

const tagsOf = (tags: unknown) =>
  Object.fromEntries(
    ((tags ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
  );

/** What the service checks of parameters before anything is sent. Throws InvalidParameters. */
export function checkParameters(
  { document, name, size }: StoredDocument,
  given: Record<string, unknown>,
): void {
  for (const key of Object.keys(given))
    if (!(key in document.parameters)) refuse(`Parameter "${key}" is not defined in the document ${name}.`);
  for (const [key, parameter] of Object.entries(document.parameters)) {
    const values = given[key];
    if (values === undefined && parameter.default === undefined)
      refuse(`Parameter "${key}" is required and has no default value.`);
    if (values !== undefined) checkValues(key, parameter, values);
  }
  if (size + JSON.stringify(given).length > sizeLimit)
    throw new AwsError('MaxDocumentSizeExceeded', 'The size limit of a document is 64 KB.');
}

function checkValues(key: string, parameter: DocumentParameter, values: unknown): void {
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string'))
    throw new AwsError('SerializationException', `Parameter "${key}" must be a list of texts.`);
  if (parameter.type === 'String' && values.length !== 1)
    refuse(`Parameter "${key}" is a String: give one value.`);
  for (const value of values as string[]) checkValue(key, parameter, value);
}

/** Java's `matches()` takes the whole value, and `.` no line end; a line end at the end of a value fails too. */
function checkValue(key: string, parameter: DocumentParameter, value: string): void {
  const { allowedPattern, allowedValues, minChars = 0, maxChars = Infinity } = parameter;
  if (/\{\{ *ssm/.test(value))
    throw new AwsError(
      'RehearsalNotSupported',
      `Parameter "${key}": the rehearsal resolves no {{ssm:...}}`,
      501,
    );
  if (allowedPattern && !new RegExp(`^(?:${allowedPattern})$`).test(value))
    refuse(`Parameter "${key}" does not match the pattern ${allowedPattern}.`);
  if (allowedValues && !allowedValues.includes(value))
    refuse(`Parameter "${key}" is none of its allowed values.`);
  if (value.length < minChars || value.length > maxChars)
    refuse(`Parameter "${key}" must have ${minChars} to ${maxChars} characters.`);
}

function refuse(message: string): never {
  throw new AwsError('InvalidParameters', message);
}
