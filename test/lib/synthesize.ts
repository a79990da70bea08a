import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type EdgePaasConfigInput, parseConfig } from '../../contracts/config.ts';
import { EdgePaasStack } from '../../lib/edgepaas-stack.ts';
import { handlerNames } from '../../lib/handler-name.ts';
import flags from '../../cdk.json' with { type: 'json' };

type AppInput = EdgePaasConfigInput['apps'][number];
type GroupInput = EdgePaasConfigInput['hosts'][string];

/** The least a configuration can say, with what a test is about. */
export function configWith(
  app: Partial<AppInput> = {},
  group: Partial<GroupInput> = {},
): EdgePaasConfigInput {
  return {
    hosts: {
      fleet: {
        tag: { key: 'fleet', value: 'blue' },
        volume: { tag: { key: 'docker', value: 'yes' } },
        ...group,
      },
    },
    apps: [{ name: 'web', repository: { name: 'acme/web' }, hosts: 'fleet', ...app }],
  };
}

/** Everything that a configuration can switch on. */
export const everything: EdgePaasConfigInput = {
  hosts: {
    ubuntu: {
      tag: { key: 'fleet', value: 'ubuntu' },
      volume: { tag: { key: 'docker', value: 'ubuntu' } },
      starterHost: { distribution: 'ubuntu-24.04' },
    },
    amazon: {
      tag: { key: 'Name', value: 'amazon' },
      volume: { tag: { key: 'docker', value: 'amazon' }, filesystem: 'ext4' },
      architecture: 'arm64',
      starterHost: { distribution: 'al2023', instanceType: 't4g.small' },
    },
  },
  apps: [
    {
      name: 'web-2',
      repository: { name: 'web-2', retention: {} },
      hosts: 'ubuntu',
      deployTags: ['v*', 'stable'],
      rollout: { alarms: ['web-errors'] },
      github: [{ repository: 'acme/web' }],
    },
    {
      name: 'web2',
      repository: { name: 'team/web2', source: 'import' },
      hosts: 'ubuntu',
      slotPorts: { blue: 9080, green: 9081 },
      serverNames: ['web2.example.com'],
    },
    {
      name: 'api',
      repository: { name: 'api' },
      hosts: 'amazon',
      github: [{ repository: 'acme@12/api@345', branches: ['main', 'release/1.x'] }],
      database: { migrations: { olderReleaseRuns: true } },
    },
  ],
};

const makeFolder = () => mkdtempSync(join(process.env['EDGEPAAS_TEST_FOLDER']!, 'synth-'));

/** Empty handlers: what they do is tested elsewhere, and building them takes time. */
function emptyBundles(): string {
  const folder = makeFolder();
  for (const name of handlerNames) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), `export const handler = '${name}';`);
  }
  return folder;
}

export function makeStack(input: EdgePaasConfigInput): EdgePaasStack {
  const outdir = makeFolder();
  const app = new App({ outdir, context: flags.context, builtinCloudFormationValidation: false });
  return new EdgePaasStack(app, 'Test', { config: parseConfig(input), bundlesFolder: emptyBundles() });
}

export const synthesize = (input = configWith()): Template => Template.fromStack(makeStack(input));
