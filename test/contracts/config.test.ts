import { describe, expect, test } from 'vitest';
import { InvalidConfigError, parseConfig, type EdgePaasConfigInput } from '../../contracts/config.ts';

const app = { name: 'web', repository: { name: 'web' }, hosts: 'fleet' };
const fleet = { tag: { key: 'fleet', value: 'blue' }, volume: { tag: { key: 'docker', value: 'yes' } } };
const least: EdgePaasConfigInput = { hosts: { fleet }, apps: [app] };

/** The lines below the header, without their indentation. */
function problemsOf(input: unknown): string[] {
  try {
    parseConfig(input);
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error;
    const [header, ...lines] = error.message.split('\n');
    expect(header).toBe('edgepaas.config.ts is not valid (invalid-config):');
    return lines.map((line) => line.replace(/^ {2}(?=\S)/, ''));
  }
  return [];
}

const withApp = (change: Record<string, unknown>) => ({ ...least, apps: [{ ...app, ...change }] });
const withFleet = (change: Record<string, unknown>) => ({
  ...least,
  hosts: { fleet: { ...fleet, ...change } },
});
const withApps = (...changes: Record<string, unknown>[]) => ({
  ...least,
  apps: changes.map((change) => ({ ...app, ...change })),
});

test('the least configuration is a whole one: everything else has a default', () => {
  expect(parseConfig(least)).toEqual({
    stackName: 'EdgePaas',
    githubOidcProvider: 'create',
    hosts: { fleet: { ...fleet, architecture: 'x86_64', volume: { ...fleet.volume, filesystem: 'xfs' } } },
    apps: [
      {
        ...app,
        repository: { name: 'web', source: 'create' },
        containerPort: 80,
        healthPath: '/health',
        environment: {},
        github: [],
        proxy: {
          bodySizeLimit: '10m',
          connectTimeoutSeconds: 5,
          readTimeoutSeconds: 60,
          sendTimeoutSeconds: 60,
        },
        serverNames: ['_'],
        slotPorts: { blue: 8080, green: 8081 },
        deployTags: ['*'],
        resources: { memoryMb: 512, cpus: 1 },
        timeouts: { health: 60, bake: 30, drain: 30, stop: 30, migration: 600 },
        rollout: { canaryHosts: 1, waveHosts: 50, unavailableHosts: 0, alarms: [] },
        keptReleases: 2,
      },
    ],
  });
});

describe('a problem is a line with path, value and fix', () => {
  test.each([
    ['no configuration', undefined, '(whole file) is missing: must be an object'],
    ['a number', 5, '(whole file) = 5: must be an object'],
    [
      'an unknown setting',
      { ...least, region: 'x' },
      'region = "x": is no setting: remove it, or use one of stackName, hosts, githubOidcProvider, apps',
    ],
    [
      'an unknown setting deep down',
      withFleet({ volume: { ...fleet.volume, size: 8 } }),
      'hosts/fleet/volume/size = 8: is no setting: remove it, or use one of tag, filesystem',
    ],
    ['no app', { ...least, apps: [] }, 'apps = []: must name at least one app'],
    [
      'a stack name',
      { ...least, stackName: '1st' },
      'stackName = "1st": must be a CloudFormation stack name',
    ],
    ['a missing name', withApp({ name: undefined }), 'apps/0/name is missing: must be a string'],
    [
      'shell metacharacters',
      withApp({ name: 'a;rm -rf /' }),
      'apps/0/name = "a;rm -rf /": must be 2 to 32 lower-case letters, digits, hyphens, a letter first',
    ],
    [
      'a newline',
      withApp({ name: 'web\n' }),
      'apps/0/name = "web\\n": must be 2 to 32 lower-case letters, digits, hyphens, a letter first',
    ],
    [
      'a repository on GitHub',
      withApp({ github: [{ repository: 'acme/*' }] }),
      'apps/0/github/0/repository = "acme/*": must be "owner/name" as GitHub writes it, or "owner@id/name@id" where its OIDC subjects have ids',
    ],
    [
      'one id of two',
      withApp({ github: [{ repository: 'acme@12/web' }] }),
      'apps/0/github/0/repository = "acme@12/web": must be "owner/name" as GitHub writes it, or "owner@id/name@id" where its OIDC subjects have ids',
    ],
    ['a port as text', withApp({ containerPort: '80' }), 'apps/0/containerPort = "80": must be a number'],
    [
      'a port too high',
      withApp({ containerPort: 65536 }),
      'apps/0/containerPort = 65536: Too big: expected number to be <=65535',
    ],
    [
      'a repository',
      withApp({ repository: { name: 'Web' } }),
      'apps/0/repository/name = "Web": is no ECR repository name (lower case, digits, ". _ - /" between)',
    ],
    [
      'a source',
      withApp({ repository: { name: 'web', source: 'hub' } }),
      'apps/0/repository/source = "hub": must be "create" or "import"',
    ],
    [
      'unknown hosts',
      withApp({ hosts: 'flet' }),
      'apps/0/hosts = "flet": names no host group: use one of fleet',
    ],
    [
      'a health path',
      withApp({ healthPath: 'health' }),
      'apps/0/healthPath = "health": must be a path such as "/health"',
    ],
    [
      'a body size',
      withApp({ proxy: { bodySizeLimit: '10 MB' } }),
      'apps/0/proxy/bodySizeLimit = "10 MB": must be a size as Nginx writes it: "512k", "10m", "2g"',
    ],
    [
      'a server name',
      withApp({ serverNames: ['a b'] }),
      'apps/0/serverNames/0 = "a b": must be a host name, "*.example.com", or "_" for any',
    ],
    [
      'two stars',
      withApp({ deployTags: ['v**'] }),
      'apps/0/deployTags/0 = "v**": has "**", which EventBridge refuses: write one "*"',
    ],
    [
      'a slot on Nginx’s port',
      withApp({ slotPorts: { blue: 443, green: 8081 } }),
      'apps/0/slotPorts/blue = 443: is a port that Nginx itself needs: choose another',
    ],
    [
      'two slots on a port',
      withApp({ slotPorts: { blue: 9000, green: 9000 } }),
      'apps/0/slotPorts/green = 9000: is taken by apps/0/slotPorts/blue on the same hosts: choose a free port, such as 8082',
    ],
    [
      'a command as text',
      withApp({ database: { migrations: { command: 'alembic upgrade', olderReleaseRuns: true } } }),
      'apps/0/database/migrations/command = "alembic upgrade": must be an array',
    ],
    [
      'a newline in a command',
      withApp({ database: { migrations: { command: ['a\nb'], olderReleaseRuns: true } } }),
      'apps/0/database/migrations/command/0 = "a\\nb": must be printable ASCII',
    ],
    [
      'migrations that do not say whether the release before runs on their schema',
      withApp({ database: { migrations: {} } }),
      'apps/0/database/migrations/olderReleaseRuns is missing: must be a boolean',
    ],
    [
      'a variable name',
      withApp({ environment: { 'LOG-LEVEL': {} } }),
      'apps/0/environment/LOG-LEVEL = {}: has a name that must be a variable name: up to 64 letters, digits and _',
    ],
    [
      'a variable that EdgePaaS sets',
      withApp({ environment: { BUILD_VERSION: {} } }),
      'apps/0/environment/BUILD_VERSION = {}: has a name that is set by EdgePaaS itself: choose another name',
    ],
    [
      'a variable’s type',
      withApp({ environment: { PORT: { type: 'number' } } }),
      'apps/0/environment/PORT/type = "number": must be "string" or "integer" or "boolean" or "url" or "email" or "secret"',
    ],
    [
      'a default that its type refuses',
      withApp({ environment: { PORT: { type: 'integer', default: '80 ' } } }),
      'apps/0/environment/PORT/default = "80 ": is not of its type integer: it must be an integer such as 42',
    ],
    [
      'a secret’s default',
      withApp({ environment: { API_KEY: { type: 'secret', default: 'x' } } }),
      'apps/0/environment/API_KEY/default = "x": would stand in the template: a secret has no default, store its value',
    ],
    [
      'a variable that comes with the database',
      withApp({ database: {}, environment: { DATABASE_URL: { type: 'secret' } } }),
      'apps/0/environment/DATABASE_URL = {"type":"secret","required":true}: comes with "database": remove the declaration, and store the value as a SecureString',
    ],
    [
      'another type for a variable that comes with the database',
      withApp({ database: {}, environment: { BOTH_DB: { type: 'email' } } }),
      'apps/0/environment/BOTH_DB/type = "email": is boolean for EdgePaaS itself: leave it out, only the default may be another',
    ],
    [
      'a retry count out of range',
      withApp({ database: {}, environment: { MAX_RETRIES: { default: '21' } } }),
      'apps/0/environment/MAX_RETRIES/default = "21": is not of its type retries: it must be a number from 1 to 20',
    ],
    [
      'too little memory',
      withApp({ resources: { memoryMb: 8, cpus: 1 } }),
      'apps/0/resources/memoryMb = 8: Too small: expected number to be >=16',
    ],
    [
      'a group’s name',
      { hosts: { Fleet: fleet }, apps: [app] },
      'hosts/Fleet = {"tag":{"key":"fleet","value":"blue"},"volume":{"tag":{"key":"docker","value":"yes"}}}: has a name that must be lower case letters, digits, hyphens',
    ],
    [
      'a key that AWS keeps',
      withFleet({ tag: { key: 'aws:x', value: 'y' } }),
      'hosts/fleet/tag/key = "aws:x": may not begin with "aws:", which AWS keeps for itself',
    ],
    [
      'a value with a star',
      withFleet({ tag: { key: 'x', value: '*' } }),
      'hosts/fleet/tag/value = "*": is no EC2 tag value (or has spaces)',
    ],
    [
      'a filesystem',
      withFleet({ volume: { ...fleet.volume, filesystem: 'btrfs' } }),
      'hosts/fleet/volume/filesystem = "btrfs": must be "xfs" or "ext4"',
    ],
    [
      'an instance type',
      withFleet({ starterHost: { instanceType: 'large' } }),
      'hosts/fleet/starterHost/instanceType = "large": must be an EC2 instance type such as "t3.micro"',
    ],
    [
      'a type without NVMe volumes',
      withFleet({ starterHost: { instanceType: 't2.micro' } }),
      'hosts/fleet/starterHost/instanceType = "t2.micro": is no Nitro type: choose one, such as "t3.micro"',
    ],
    [
      'a type of the other architecture',
      withFleet({ architecture: 'arm64', starterHost: {} }),
      'hosts/fleet/starterHost/instanceType = "t3.micro": does not have architecture arm64: choose a Graviton type such as "t4g.micro", or the other architecture',
    ],
  ])('%s', (_, input, line) => {
    expect(problemsOf(input)[0]).toBe(line);
  });

  test('every problem is listed at once', () => {
    expect(problemsOf(withApp({ name: 'W', containerPort: 0, healthPath: 'x' }))).toHaveLength(3);
  });

  test('a value of any length takes a hundred and twenty characters of one line', () => {
    const [line] = problemsOf(withApp({ healthPath: 'x\n'.repeat(5000) }));
    expect(line!.length).toBeLessThan(200);
    expect(line).not.toContain('\n');
  });
});

describe('apps on the same hosts', () => {
  test('may not share a port that neither of them wrote down', () => {
    const other = { name: 'api', repository: { name: 'api' }, serverNames: ['api.example.com'] };
    expect(problemsOf(withApps({}, other))).toEqual([
      'apps/1/slotPorts/blue = 8080: is taken by apps/0/slotPorts/blue on the same hosts: choose a free port, such as 8082',
      'apps/1/slotPorts/green = 8081: is taken by apps/0/slotPorts/green on the same hosts: choose a free port, such as 8082',
    ]);
  });

  test('may not share a server name, a name or a repository', () => {
    const slotPorts = { blue: 9080, green: 9081 };
    expect(problemsOf(withApps({}, { slotPorts }))).toEqual([
      'apps/1/name = "web": is taken by apps/0: every app needs its own',
      'apps/1/repository = {"name":"web","source":"create"}: is taken by apps/0: every app needs its own',
      'apps/1/serverNames/0 = "_": is taken by apps/0/serverNames/0 on the same hosts: give each app its own names',
    ]);
  });

  test('may share all of that with apps on other hosts, but for name and repository', () => {
    const other = { name: 'api', repository: { name: 'api' }, hosts: 'other' };
    expect(problemsOf({ ...withApps({}, other), hosts: { fleet, other: fleet } })).toEqual([]);
  });
});

test.each([
  ['t3.micro', 'x86_64'],
  ['g4dn.xlarge', 'x86_64'],
  ['m6idn.large', 'x86_64'],
  ['u-6tb1.metal', 'x86_64'],
  ['t4g.nano', 'arm64'],
  ['a1.large', 'arm64'],
  ['c7gn.medium', 'arm64'],
  ['im4gn.large', 'arm64'],
  ['x2gd.large', 'arm64'],
])('%s has architecture %s', (instanceType, architecture) => {
  expect(problemsOf(withFleet({ architecture, starterHost: { instanceType } }))).toEqual([]);
  const other = architecture === 'arm64' ? 'x86_64' : 'arm64';
  expect(problemsOf(withFleet({ architecture: other, starterHost: { instanceType } }))).toHaveLength(1);
});

test('an app names no more branches than fit into the trust policy of a role', () => {
  const branches = (length: number) =>
    Array.from({ length: 20 }, (_, index) => String(index).padEnd(length, 'x'));
  const github = (length: number) =>
    withApp({ github: [{ repository: 'acme/web', branches: branches(length) }] });
  expect(problemsOf(github(48))).toEqual([]);
  expect(problemsOf(github(49))).toEqual([
    expect.stringMatching(
      /^apps\/0\/github = .*: takes 1620 characters of the role's trust policy, which has room for 1600: name fewer branches$/,
    ),
  ]);
});
