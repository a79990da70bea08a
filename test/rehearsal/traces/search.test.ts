import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { sampleProcesses } from '../../../rehearsal/traces/process-samples.ts';
import { findSecret } from '../../../rehearsal/traces/search.ts';

const canary = `canary${randomBytes(12).toString('hex')}`;
const inBase64 = (before: string) => Buffer.from(`${before}${canary} and more`).toString('base64');

describe('a secret is found', () => {
  test.each([
    ['as it is', `PASSWORD=${canary}`],
    ['in a URL', `postgresql://app:${canary}@db/app`],
    ['in JSON within JSON', JSON.stringify({ output: JSON.stringify({ cause: canary }) })],
    ['in base64', inBase64('')],
    ['in base64 after one byte', inBase64('a')],
    ['in base64 after two bytes', inBase64('ab')],
    ['in base64 after three bytes', inBase64('abc')],
    ['in hexadecimal digits', Buffer.from(canary).toString('hex')],
    ['backwards', [...canary].reverse().join('')],
  ])('%s', (_, content) => {
    expect(findSecret(canary, [{ place: 'here', content }])).toEqual(['here']);
  });

  test('in bytes that are no text', () => {
    const content = Buffer.concat([randomBytes(1000), Buffer.from(canary), randomBytes(1000)]);
    expect(findSecret(canary, [{ place: 'bytes', content }])).toEqual(['bytes']);
  });

  test('where it is, and nowhere else', () => {
    const other = `canary${randomBytes(12).toString('hex')}`;
    expect(findSecret(canary, [{ place: 'other', content: other }])).toEqual([]);
  });

  test('on a command line that was seen while it ran', async () => {
    const samples = await sampleProcesses();
    await promisify(execFile)('sh', ['-c', 'for i in $(seq 20); do sleep 0.02; done', canary]);
    const content = (await samples.end()).join('\n');
    expect(findSecret(canary, [{ place: 'processes', content }])).toEqual(['processes']);
  });
});
