import { describe, expect, test } from 'vitest';
import { appSettings } from '../../lib/app-settings.ts';
import { parseConfig } from '../../contracts/config.ts';
import { failureIds } from '../../contracts/failure.ts';
import { phaseNames } from '../../contracts/phase-name.ts';
import {
  commonFailures,
  commonParameters,
  deliverySeconds,
  executionTimeoutParameter,
  phaseParameters,
  taskTimeoutSeconds,
} from '../../contracts/phase.ts';
import { phases } from '../../contracts/phases/index.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';

const [app] = appSettings(
  parseConfig({
    hosts: {
      fleet: { tag: { key: 'fleet', value: 'blue' }, volume: { tag: { key: 'docker', value: 'yes' } } },
    },
    apps: [
      {
        name: 'web',
        repository: { name: 'team/web' },
        hosts: 'fleet',
        serverNames: ['example.com', '*.example.org'],
        environment: {
          PLACE: { type: 'string', default: 'Zürich {{ssm:/x}} "quoted" \\ $HOME' },
          API_KEY: { type: 'secret' },
        },
        database: {
          migrations: {
            command: ['sh', '-c', 'alembic upgrade head && echo "it\'s $HOME"'],
            olderReleaseRuns: true,
          },
        },
        resources: { memoryMb: 1_048_576, cpus: 0.5 },
        timeouts: { health: 900, bake: 3600, drain: 3600, stop: 3600, migration: 7200 },
      },
    ],
  }),
);

const plan: DeploymentPlan = {
  deploymentId: 'web-12',
  fence: 12,
  app: app!,
  image: {
    buildVersion: 'v1.2.3_rc-4',
    digest: `sha256:${'0a'.repeat(32)}`,
    repositoryUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web',
    compressedBytes: 123_456_789,
    architectures: ['x86_64'],
  },
  waves: [['i-0123456789abcdef0']],
  volumeIds: ['vol-0123456789abcdef0', 'vol-0123456789abcdef1'],
  documents: Object.fromEntries(
    phaseNames.map((name) => [name, { name, version: '1', parameters: [] }] as const),
  ) as unknown as DeploymentPlan['documents'],
  hasDatabase: true,
  hasMigration: true,
  database: { mode: 'sqlite_only', reason: 'Postgres is out of reach after 6 attempts: connection refused' },
  docker: {
    repositoryUrl: 'https://download.docker.com',
    debKeyFingerprint: '9DC858229FC7DD38854AE2D88D81803C0EBFCD88',
    rpmKeyFingerprint: '060A61C51B558A7F742B77AAC52FEB6B621E9F35',
  },
};

/** What an attacker would put into a tag, an app's name or an event. */
const hostile = [
  "'; reboot #",
  '$(reboot)',
  '`reboot`',
  'a\nb',
  'a b"c',
  '{{ssm:/x}}',
  '../../etc/passwd',
  'x'.repeat(10_000),
  '',
];

/** The most copies of one thing that a pattern's counted repeats ask for, those of nested groups multiplied. */
function mostCopies(pattern: string): number {
  let flat = pattern.replace(/\\.|\[[^\]]*\]/g, 'c');
  const most = (text: string): number => {
    const counted = [...text.matchAll(/(?:<([0-9]+)>|[^<>])(?:\{([0-9]+)(?:,([0-9]*))?\})?/g)];
    return Math.max(
      1,
      ...counted.map(([, inner, least, limit]) => Number(inner ?? 1) * Number(limit || (least ?? 1))),
    );
  };
  while (flat.includes('(')) flat = flat.replace(/\(([^()]*)\)/g, (_, inner: string) => `<${most(inner)}>`);
  return most(flat);
}

test.each([
  ['^a{0,1000}$', 1000],
  ['^a{2,}(,[a-z]{8,17}){0,199}$', 3383],
  ['^(/[a-z]{1,50}([._-][a-z]+)*){16}$', 800],
])('%s asks for %d copies', (pattern, copies) => expect(mostCopies(pattern)).toBe(copies));

describe.each(phaseNames)('%s', (name) => {
  const phase = phases[name];
  const parameters = {
    ...commonParameters,
    ...phase.parameters,
    executionTimeout: executionTimeoutParameter,
  };

  test('has a value for each of its parameters, and for no other', () => {
    expect(Object.keys(phaseParameters(phase, plan)).sort()).toEqual(Object.keys(parameters).sort());
  });

  test('has values that fit their own patterns', () => {
    for (const [key, value] of Object.entries(phaseParameters(phase, plan)))
      expect(value, key).toMatch(new RegExp(parameters[key as keyof typeof parameters]!.pattern));
  });

  test.each(Object.entries(parameters))('takes nothing hostile for %s', (_, { pattern }) => {
    for (const value of hostile) expect(value).not.toMatch(new RegExp(pattern));
  });

  test.each(Object.entries(parameters))(
    'checks all of %s by what Java, RE2 and JavaScript share',
    (_, { pattern }) => {
      expect(pattern).toMatch(/^\^.*\$$/);
      // Lookaround, backreferences and possessive quantifiers are not in RE2; \d and \w mean more in Java.
      expect(pattern).not.toMatch(/\(\?|\\[1-9dws]|[+*?}]\+/);
    },
  );

  // Go refuses to compile more, and the agent fails a command whose pattern it cannot compile.
  test.each(Object.entries(parameters))('repeats nothing of %s more than 1,000 times', (_, { pattern }) =>
    expect(mostCopies(pattern)).toBeLessThanOrEqual(1000),
  );

  test('may run as long as SSM lets it', () => {
    expect(phase.executionSeconds(plan)).toBeGreaterThanOrEqual(5);
    expect(phase.executionSeconds(plan)).toBeLessThanOrEqual(172_800);
  });

  test('is waited for until delivery, execution and a sweep of one minute are over', () => {
    expect(taskTimeoutSeconds(phase, plan.app)).toBeGreaterThan(
      deliverySeconds + phase.executionSeconds(plan) + 60,
    );
  });

  test('names failures that exist, and none twice', () => {
    const named = [...commonFailures, ...phase.failures];
    expect(named.filter((id) => !failureIds.includes(id))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
  });
});

test('each failure id is one, and is written in lower case with hyphens', () => {
  expect(new Set(failureIds).size).toBe(failureIds.length);
  for (const id of failureIds) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});
