import { AwsError, type WireService } from '../aws/service.ts';
import { person } from '../aws/wire-credentials.ts';

type Command = { readonly constructor: { readonly name: string }; readonly input: object };
type Errors = Readonly<Record<string, unknown>>;
type SdkError = new (about: object) => Error;

/**
 * A client of a JSON service without the SDK's own reading and writing, which would take half of a schedule's time. It is one of the
 * class for the SDK's paginators; `errors` are the package's exports, by the names that its errors have.
 */
export function inProcessClient<T>(
  clientClass: { readonly prototype: T },
  service: WireService,
  errors: Errors,
): T {
  const send = async ({ constructor: { name }, input }: Command) => {
    const sent = JSON.parse(JSON.stringify(input)) as Record<string, unknown>;
    try {
      return structuredClone(await service.handle(name.replace(/Command$/, ''), sent, { principal: person }));
    } catch (error) {
      throw error instanceof AwsError ? asSdkError(error, errors) : error;
    }
  };
  return Object.assign(Object.create(clientClass.prototype as object) as T & object, { send });
}

function asSdkError({ code, message }: AwsError, errors: Errors): Error {
  const known = errors[code] as SdkError | undefined;
  return known ? new known({ message, $metadata: {} }) : Object.assign(new Error(message), { name: code });
}
