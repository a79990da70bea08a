import { SSMClient, ListCommandsCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AskCallFault } from '../../../rehearsal/aws/wire.ts';
import { systemClock } from '../../../rehearsal/clock.ts';
import { AwsError, refuse, type WireService } from '../../../rehearsal/aws/service.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { allow, resource, role, smallStack } from '../../support/small-stack.ts';

const stack = smallStack({ Reader: role(allow('ssm:ListCommands')) });
let answer: (input: Record<string, unknown>) => unknown;
const service: WireService = {
  name: 'ssm',
  handle: async (action, input) => (action === 'ListCommands' ? answer(input) : refuse('ssm', action)),
  permissions: (action) => [{ action: `ssm:${action}`, resource: '*' }],
};

let endpoint: TestEndpoint;
let fault: AskCallFault | undefined;
beforeEach(async () => {
  answer = () => ({ Commands: [] });
  fault = undefined;
  endpoint = await startEndpoint(stack, [service], [], systemClock, (call) => fault?.(call));
});
afterEach(() => endpoint.close());

const list = (settings: ReturnType<TestEndpoint['as']> & { systemClockOffset?: number } = endpoint.as()) =>
  new SSMClient(settings).send(new ListCommandsCommand({}));

it('gives times as the SDK reads them', async () => {
  const now = new Date('2026-01-02T03:04:05.678Z');
  answer = () => ({ Commands: [{ RequestedDateTime: now }] });
  expect((await list()).Commands![0]!.RequestedDateTime).toEqual(now);
});

it('logs every call: who, what, how long, and what went wrong', async () => {
  await list(endpoint.as(resource(stack, 'Reader').arn));
  answer = () => {
    throw new AwsError('InvalidCommandId', 'no');
  };
  await list().catch(() => undefined);
  expect(endpoint.calls).toMatchObject([
    { principal: resource(stack, 'Reader').arn, service: 'ssm', action: 'ListCommands' },
    { principal: 'rehearsal', error: 'InvalidCommandId', message: 'no' },
  ]);
  expect(endpoint.calls[0]).not.toHaveProperty('error');
  expect(endpoint.calls[0]!.ms).toBeGreaterThan(0);
});

describe('a fault', () => {
  let acted: number;
  beforeEach(() => {
    acted = 0;
    answer = () => ({ Commands: [++acted] });
  });

  it('is answered instead of acting', async () => {
    fault = () => new AwsError('ThrottlingException', 'Rate exceeded');
    await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(acted).toBe(0);
  });

  it('lets the service act, and loses its answer', async () => {
    fault = () => 'answer-lost';
    await expect(list()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(acted).toBe(1);
    expect(endpoint.calls).toMatchObject([{ action: 'ListCommands', error: 'answer-lost' }]);
  });

  it('is asked again when the SDK sends a request again, and knows who calls what', async () => {
    const told: unknown[] = [];
    fault = (call) => (told.push(call) === 1 ? 'answer-lost' : undefined);
    await list({ ...endpoint.as(resource(stack, 'Reader').arn), maxAttempts: 2 });
    const call = {
      principal: resource(stack, 'Reader').arn,
      service: 'ssm',
      action: 'ListCommands',
      input: {},
    };
    expect(told).toEqual([call, call]);
    expect(acted).toBe(2);
  });

  it('is not asked for what IAM refuses', async () => {
    fault = () => new AwsError('ThrottlingException', 'Rate exceeded');
    const refused = list(endpoint.as('arn:aws:iam::123456789012:role/nobody'));
    await expect(refused).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a caller is refused', () => {
  const credentials = () => endpoint.as(resource(stack, 'Reader').arn).credentials;
  const cases: [string, () => object, string][] = [
    [
      'with an unknown access key',
      () => ({ ...credentials(), accessKeyId: 'AKIAUNKNOWN' }),
      'UnrecognizedClientException',
    ],
    [
      'with another session token',
      () => ({ ...credentials(), sessionToken: 'other' }),
      'UnrecognizedClientException',
    ],
    [
      'with a wrong secret',
      () => ({ ...credentials(), secretAccessKey: 'guess' }),
      'InvalidSignatureException',
    ],
  ];
  it.each(cases)('%s', async (_what, changed, name) => {
    const settings = { ...endpoint.as(), credentials: changed() as ReturnType<typeof credentials> };
    await expect(list(settings)).rejects.toMatchObject({ name });
  });

  it.each([
    [-360_000, 'Signature expired'],
    [360_000, 'Signature not yet current'],
  ])('whose clock is %i ms off', async (systemClockOffset, message) => {
    await expect(list({ ...endpoint.as(), systemClockOffset })).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringContaining(message),
    });
    await list({ ...endpoint.as(), systemClockOffset: systemClockOffset / 2 });
  });

  it('with a header of AWS’s that is not signed', async () => {
    const client = new SSMClient(endpoint.as());
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-extra'] = '1';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(client.send(new ListCommandsCommand({}))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringContaining('x-amz-extra'),
    });
  });

  it('without a signature', async () => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.ListCommands',
    };
    const response = await fetch(endpoint.url, { method: 'POST', headers, body: '{}' });
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });
});

it('a fault of the rehearsal itself is an outage with its reason, not a wrong answer', async () => {
  answer = () => {
    throw new TypeError('a mistake');
  };
  await expect(list()).rejects.toMatchObject({
    name: 'InternalFailure',
    message: expect.stringContaining('a mistake'),
  });
});
