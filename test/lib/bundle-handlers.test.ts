import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../../contracts/config.ts';
import { bundleHandlers } from '../../lib/bundle-handlers.ts';
import { defaultProvider } from '../../lib/environment-credentials.ts';
import { handlerNames, type HandlerName } from '../../lib/handler-name.ts';
import { configWith } from './synthesize.ts';

const bundles = bundleHandlers(parseConfig(configWith({ deployTags: ['v*'] })));
afterAll(() => bundles.remove());

const fileOf = (name: HandlerName, file = 'index.mjs') => join(bundles.folder, name, file);

describe.each(handlerNames)('the bundle of %s', (name) => {
  const limit = 450_000;

  test(`weighs at most ${limit / 1000} kB`, () => {
    expect(statSync(fileOf(name)).size).toBeLessThanOrEqual(limit);
  });

  test('is all its handler needs: it loads where there are no packages', async () => {
    expect(bundles.folder).not.toContain('edgepaas/node_modules');
    const { handler } = (await import(pathToFileURL(fileOf(name)).href)) as { handler: unknown };
    expect(handler).toBeTypeOf('function');
  });
});

const readers = ['accept-request', 'resolve-image', 'find-hosts', 'check-hosts', 'expire-images'] as const;

test.each(readers)('%s knows the apps', (name) => {
  expect(JSON.parse(readFileSync(fileOf(name, 'apps.json'), 'utf8'))).toEqual([
    expect.objectContaining({
      name: 'web',
      deployTags: ['v*'],
      slotPorts: { blue: 8080, green: 8081 },
      hostTag: { key: 'fleet', value: 'blue' },
      volume: { tag: { key: 'docker', value: 'yes' }, filesystem: 'xfs' },
    }),
  ]);
});

test('no other function carries the configuration, so that a change of it leaves them as they are', () => {
  const others = handlerNames.filter((name) => !readers.some((reader) => reader === name));
  for (const name of others) expect(readdirSync(join(bundles.folder, name))).toEqual(['index.mjs']);
});

describe('the credentials that stand in for the SDK’s chain', () => {
  afterEach(() => void vi.unstubAllEnvs());
  const credentials = () =>
    new SSMClient({
      region: 'eu-central-1',
      credentialDefaultProvider: defaultProvider,
    }).config.credentials();

  test('are the ones in the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    await expect(credentials()).resolves.toMatchObject({
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'not-a-secret',
      sessionToken: 'token',
    });
  });

  test('say which variable is missing', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await expect(credentials()).rejects.toThrow('AWS_ACCESS_KEY_ID is not set');
  });
});
