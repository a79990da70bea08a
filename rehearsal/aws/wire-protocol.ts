import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from './service.ts';
import { parseJsonInput, renderJson, renderJsonError } from './wire-json.ts';
import { parseQueryInput, renderXml, renderXmlError } from './wire-query.ts';
import { renderStandardXml, renderStandardXmlError, stsVersion } from './wire-query-standard.ts';

export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** How a request says its action and input, and how its answer has to look. */
export interface Protocol {
  action(): string;
  input(): Record<string, unknown>;
  render(action: string, output: unknown): WireAnswer;
  renderError(error: AwsError): WireAnswer;
}

/** Tells the protocol by the request's own headers, as AWS does. */
export function protocolOf(headers: IncomingHttpHeaders, body: Buffer, requestId: string): Protocol {
  const contentType = (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (contentType === 'application/x-www-form-urlencoded') return queryProtocol(body, requestId);
  return jsonProtocol(
    contentType || 'application/x-amz-json-1.1',
    String(headers['x-amz-target'] ?? ''),
    body,
  );
}

function jsonProtocol(contentType: string, target: string, body: Buffer): Protocol {
  return {
    action() {
      if (!/^application\/x-amz-json-1\.[01]$/.test(contentType) || !target.includes('.'))
        throw new AwsError(
          'RehearsalNotSupported',
          `The rehearsal speaks AWS JSON and query only, not ${contentType}: see rehearsal/SUPPORTED.md`,
          501,
        );
      return target.slice(target.lastIndexOf('.') + 1);
    },
    input: () => parseJsonInput(body),
    render: (_action, output) => renderJson(output, contentType),
    renderError: (error) => renderJsonError(asJsonNames(error), contentType),
  };
}

function queryProtocol(body: Buffer, requestId: string): Protocol {
  const input = parseQueryInput(body);
  const request = { action: () => String(input.Action ?? ''), input: () => input };
  if (input.Version === stsVersion)
    return {
      ...request,
      render: (action, output) => renderStandardXml(action, output, requestId),
      renderError: (error) => renderStandardXmlError(error, requestId),
    };
  return {
    ...request,
    render: (action, output) => renderXml(action, output, requestId),
    renderError: (error) => renderXmlError(asEc2Names(error), requestId),
  };
}

const asJsonNames = (error: AwsError) =>
  error.code === 'ExpiredToken' ? new AwsError('ExpiredTokenException', error.message, error.status) : error;

/** EC2 has its own names for what the JSON services call otherwise. Source: EC2 API reference, "Error codes". */
function asEc2Names(error: AwsError): AwsError {
  const names: Record<string, [string, number]> = {
    AccessDeniedException: ['UnauthorizedOperation', 403],
    UnrecognizedClientException: ['AuthFailure', 401],
    MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
    InvalidSignatureException: ['SignatureDoesNotMatch', 403],
    ExpiredToken: ['RequestExpired', 400],
  };
  const [code, status] = names[error.code] ?? [error.code, error.status];
  const message =
    code === 'UnauthorizedOperation'
      ? `You are not authorized to perform this operation. ${error.message}`
      : error.message;
  return new AwsError(code, message, status);
}
