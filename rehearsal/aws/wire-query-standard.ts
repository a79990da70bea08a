import { AwsError } from './service.ts';
import type { WireAnswer } from './wire-protocol.ts';
import { escapeXml, renderFields } from './wire-query.ts';

/** The version that a request for STS says: by it its dialect is known from EC2's. */
export const stsVersion = '2011-06-15';

const contentType = 'text/xml';
const namespace = `https://sts.amazonaws.com/doc/${stsVersion}/`;

/** The AWS query protocol's answers, as STS gives them. EC2 has its own. */
export function renderStandardXml(action: string, output: unknown, requestId: string): WireAnswer {
  const result = `<${action}Result>${renderFields(output ?? {})}</${action}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  const root = `${action}Response`;
  return { status: 200, contentType, body: `<${root} xmlns="${namespace}">${result}${metadata}</${root}>` };
}

/** Source: https://github.com/mozilla-iam/mozilla-aws-cli/issues/146 has an answer of STS in full. */
export function renderStandardXmlError(given: AwsError, requestId: string): WireAnswer {
  const { code, message, status } = asStandardNames(given);
  const type = status < 500 ? 'Sender' : 'Receiver';
  const error = `<Error><Type>${type}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const body = `<ErrorResponse xmlns="${namespace}">${error}<RequestId>${requestId}</RequestId></ErrorResponse>`;
  return { status, contentType, body };
}

/** Source: STS API reference, "Common errors". */
function asStandardNames({ code, message, status }: AwsError): AwsError {
  const names: Record<string, string> = {
    AccessDeniedException: 'AccessDenied',
    UnrecognizedClientException: 'InvalidClientTokenId',
    MissingAuthenticationTokenException: 'MissingAuthenticationToken',
    InvalidSignatureException: 'SignatureDoesNotMatch',
    ValidationException: 'ValidationError',
    ExpiredToken: 'ExpiredToken',
  };
  const name = names[code];
  return new AwsError(name ?? code, message, name && name !== 'ValidationError' ? 403 : status);
}
