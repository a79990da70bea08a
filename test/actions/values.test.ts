import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appName, buildVersion, digest } from '../../contracts/build-version.ts';
import { edgePaasConfig } from '../../contracts/config.ts';
import { isDeployed } from '../../contracts/tag-rules.ts';
import { manifestMediaTypes } from '../../lambdas/lib/oci.ts';
import { path, runInJob, script, scriptText } from './push-image.ts';
import { createRandom, inPool, pick, seed, textOf } from './random.ts';
import { runProgram } from './runner/step-runner.ts';

const sha = 'c842c2a9f00db0717e5d3a6b1c4e8f9021d7b6a5';
const made = { code: 0, outputs: { 'build-version': sha }, environment: { BUILD_VERSION: sha } };

const hostile: readonly string[] = [
  'a b',
  "it's",
  '"quoted"',
  'two\nlines',
  'v1\nEVIL=1',
  'v1\n',
  '\n',
  'v1\r',
  '$(touch /tmp/evil)',
  '`id`',
  '${HOME}',
  'v1%0AEVIL=1',
  'v1\n::add-mask::v1',
  '::add-mask::v1',
  '::stop-commands::v1',
  'x ##[add-mask]v1',
  'EOF<<v1',
  'ü',
  'v1\u2028x',
  'v\u0000'.replace('\u0000', '\u0001'),
  '-v1',
  '.v1',
  '*',
  'a'.repeat(129),
];

describe('the version', () => {
  it.each([
    ['the commit on GitHub', { GITHUB_SHA: sha }, []],
    ['the commit on GitLab', { CI_COMMIT_SHA: sha }, []],
    ['the commit in CodeBuild', { CODEBUILD_RESOLVED_SOURCE_VERSION: sha }, []],
    ['what was given, whatever the commit is', { GITHUB_SHA: 'a'.repeat(40) }, ['--build-version', sha]],
    ['what was given by environment', { EDGEPAAS_BUILD_VERSION: sha }, []],
    ['what was given to a build without cache', { EDGEPAAS_BUILD_VERSION: sha }, ['--no-cache']],
    ['the commit if an empty one was given', { EDGEPAAS_BUILD_VERSION: '', GITHUB_SHA: sha }, []],
  ])('is %s', async (_, environment, options) => {
    expect(await runInJob(['version', ...options], environment)).toMatchObject(made);
  });

  it('is "latest" if asked for', async () => {
    const { outputs } = await runInJob(['version'], { EDGEPAAS_LATEST: 'true', GITHUB_SHA: sha });
    expect(outputs).toEqual({ 'build-version': 'latest' });
  });

  it.each([
    ['a tag of 128 characters', 'a'.repeat(128)],
    ['all that a tag may have', '_Az09.-'],
  ])('may be %s', async (_, version) => {
    expect((await runInJob(['version', '--build-version', version])).outputs).toEqual({
      'build-version': version,
    });
  });

  it.each([
    ['latest without cache', ['--latest', '--no-cache'], {}, /latest and no-cache are both given/],
    [
      'latest and another',
      ['--latest', '--build-version', 'v1'],
      {},
      /latest and build-version are both given: choose one/,
    ],
    [
      'a commit that is none',
      [],
      { GITHUB_SHA: 'main' },
      /GITHUB_SHA = "main" is no commit: give --build-version/,
    ],
    [
      'a switch that is neither on nor off',
      [],
      { EDGEPAAS_NO_CACHE: 'yes' },
      /no-cache = "yes" is neither true nor false/,
    ],
    [
      'an option that there is not',
      ['--versoin', 'v1'],
      {},
      /"--versoin" is no option; push-image.sh --help/,
    ],
    [
      'an option without its value',
      ['--build-version'],
      {},
      /--build-version has no value: write --build-version VALUE/,
    ],
  ])('is refused: %s', async (_, options, environment, problem) => {
    const { code, stderr, outputs } = await runInJob(['version', ...options], environment);
    expect({ code, outputs }).toEqual({ code: 2, outputs: {} });
    expect(stderr).toMatch(problem);
  });
});

describe('the version of a folder', () => {
  let folder = '';
  const git = (...parameters: string[]) =>
    execFileSync('git', ['-C', folder, ...parameters], { encoding: 'utf8' });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'repository-'));
    git('init', '-q');
    writeFileSync(join(folder, 'app'), 'one');
    git('add', 'app');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', 'one');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is its commit, also beside files that git does not know', async () => {
    writeFileSync(join(folder, 'untracked'), 'x');
    const { outputs } = await runInJob(['version', '--context', folder]);
    expect(outputs['build-version']).toBe(git('rev-parse', 'HEAD').trim());
  });

  it('is refused when it is not its commit: the image would not be what its version says', async () => {
    writeFileSync(join(folder, 'app'), 'two');
    const { code, stderr } = await runInJob(['version', '--context', folder]);
    expect(code).toBe(2);
    expect(stderr).toContain('has changes that are in no commit: commit them, or give --build-version');
  });

  it('is asked for where there is no commit', async () => {
    const { code, stderr } = await runInJob(['version', '--context', '/']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no commit in "\/" \(.*not a git repository.*\): commit, or give --build-version/);
  });
});

describe('a value from outside', () => {
  const fields = [
    'build-version',
    'app',
    'stack',
    'region',
    'role',
    'platform',
    'timeout',
    'digest',
    'no-cache',
  ];
  const cases = fields.flatMap((field) => hostile.map((value) => [field, value] as const));
  const asVariable = (field: string) => `EDGEPAAS_${field.toUpperCase().replace('-', '_')}`;

  it('is refused by name, and forges no line of any file or command', async () => {
    await inPool(cases, async ([field, value]) => {
      const allowed: Record<string, string> = field === 'build-version' ? {} : { GITHUB_SHA: sha };
      const result = await runInJob(['version'], {
        EDGEPAAS_APP: 'web',
        ...allowed,
        [asVariable(field)]: value,
      });
      const { code, stdout, outputs, environment, annotations, masker } = result;
      const about = JSON.stringify([field, value]);
      expect({ code, stdout, outputs, environment }, about).toEqual({
        code: 2,
        stdout: '',
        outputs: {},
        environment: {},
      });
      expect(
        annotations.map(({ kind }) => kind),
        about,
      ).toEqual(['error']);
      expect(annotations[0]!.text, about).toMatch(new RegExp(`${field} = ".{1,60}" is n`, 's'));
      expect(masker.leaves('v1'), about).toBe(true);
    });
  });

  it('is refused as an option too', async () => {
    for (const value of hostile) {
      const { code, outputs, environment } = await runInJob(['version', '--build-version', value]);
      expect({ code, outputs, environment }).toEqual({ code: 2, outputs: {}, environment: {} });
    }
  });

  it('is refused together with all that is wrong', async () => {
    const { stderr } = await runInJob(['version'], {
      EDGEPAAS_APP: 'A',
      EDGEPAAS_REGION: 'x',
      EDGEPAAS_TIMEOUT: '0',
    });
    for (const name of ['app', 'region', 'timeout']) expect(stderr).toContain(`\n  ${name} = `);
  });
});

describe(`what the script takes and the contracts take is the same (seed ${seed})`, () => {
  const random = createRandom();
  const characters = 'azAZ09__..--  \n"\'$`%:/ü';
  const stackName = edgePaasConfig.shape.stackName;
  const forms = [
    [
      'build-version',
      (text: string) => buildVersion.safeParse(text).success,
      ['v1', '_', 'a'.repeat(128), 'a'.repeat(129)],
    ],
    [
      'app',
      (text: string) => appName.safeParse(text).success,
      ['ab', 'a', 'a-b', 'ab-', '1a', 'a'.repeat(32), 'a'.repeat(33)],
    ],
    [
      'stack',
      (text: string) => stackName.safeParse(text).success,
      ['A', '1A', 'A-', 'a'.repeat(61), 'a'.repeat(62)],
    ],
    [
      'digest',
      (text: string) => digest.safeParse(text).success,
      [`sha256:${'a'.repeat(64)}`, `sha256:${'A'.repeat(64)}`, 'a'.repeat(71)],
    ],
  ] as const;

  it.each(forms)('for %s', async (field, accepts, examples) => {
    const samples = Array.from({ length: 50 }, () =>
      textOf(random, characters.slice(0, 2 + random(22)), 1 + random(12)),
    );
    await inPool([...examples, ...samples], async (value) => {
      const { stderr } = await runInJob(['version', `--${field}`, value], { GITHUB_SHA: sha });
      expect(!stderr.includes(`${field} = "`), JSON.stringify(value)).toBe(accepts(value));
    });
  });

  it('for the media types of an image', () => {
    const accepted = /--accepted-media-types((?:\s+\\?\s*application\S+)+)/.exec(scriptText)![1]!;
    expect(accepted.match(/application\S+/g)!.sort()).toEqual([...manifestMediaTypes].sort());
  });

  it('for the tags that deploy', () => {
    const own = /^deploys\(\) \($.*?^\)$/ms.exec(scriptText)![0];
    const judge = `${own}\ndeploy_tags=$1; shift; for tag; do if deploys "$tag"; then echo 1; else echo 0; fi; done`;
    for (let count = 0; count < 60; count++) {
      const globs = Array.from({ length: 1 + random(3) }, () =>
        pick(random, ['*', 'v*', '*.1', 'v1.*', 'latest', 'sha*', 'a.b']),
      );
      const tags = Array.from({ length: 8 }, () => textOf(random, 'v1.ab', 1 + random(4))).concat(
        'latest',
        'sha256-a',
        'sha256-a.sig',
      );
      const told = execFileSync('sh', ['-c', judge, 'sh', globs.join(' '), ...tags], { encoding: 'utf8' });
      const expected = tags.map((tag) => (isDeployed(tag, globs) ? '1' : '0'));
      expect(told.trim().split('\n'), JSON.stringify([globs, tags])).toEqual(expected);
    }
  });
});

describe('what nobody foresaw', () => {
  it.each([
    ['an output that cannot be written', { GITHUB_OUTPUT: '/nonexistent/output' }],
    ['an environment that cannot be written', { GITHUB_ENV: '/nonexistent/environment' }],
  ])('ends with 5, and not with the code of a deployment or of wrong usage: %s', async (_, variables) => {
    for (const shell of ['sh', 'bash']) {
      const command = [shell, script, 'version', '--build-version', 'v1'];
      const { code, stderr } = await runProgram(command, { PATH: path, ...variables });
      expect({ code, shell }).toEqual({ code: 5, shell });
      expect(stderr).toMatch(/\npush-image: a command failed on this machine, as said above: .*\n$/);
    }
  });
});

describe('a number of seconds', () => {
  it.each(['0', '08', '0600', '86401', '1e3', '-1'])('is not %s', async (value) => {
    const { code, stderr } = await runInJob(['version', '--build-version', 'v1', '--timeout', value]);
    expect(code).toBe(2);
    expect(stderr).toContain(`timeout = "${value}" is no time: use 1 to 86400 seconds`);
  });

  it.each(['1', '600', '86400'])('is %s', async (value) => {
    expect((await runInJob(['version', '--build-version', 'v1', '--timeout', value])).code).toBe(0);
  });
});

describe('the link to an execution', () => {
  it.each([
    ['eu-central-1', 'eu-central-1.console.aws.amazon.com'],
    ['cn-north-1', 'cn-north-1.console.amazonaws.cn'],
    ['us-gov-west-1', 'us-gov-west-1.console.amazonaws-us-gov.com'],
  ])('leads to the console of %s', (region, host) => {
    const own = /^link\(\) \{$.*?^\}$/ms.exec(scriptText)![0];
    const told = execFileSync('sh', ['-c', `${own}\nregion=$1; link arn`, 'sh', region], {
      encoding: 'utf8',
    });
    expect(told).toBe(`https://${host}/states/home?region=${region}#/v2/executions/details/arn`);
  });
});

describe('help', () => {
  it.each(['--help', '-h', 'help'])('is what %s prints, and nothing is done', async (option) => {
    const { code, stdout } = await runInJob([option]);
    expect(code).toBe(0);
    for (const [name] of scriptText.matchAll(/^\s+(--[a-z-]+)(?= \|)/gm))
      expect(stdout).toContain(name.trim());
  });

  it('names every exit code and every output', () => {
    const help = execFileSync('sh', [script, '--help'], { encoding: 'utf8' });
    for (const word of [
      '0 live',
      '1 the deployment',
      '2 wrong',
      '3 super',
      '4 no outcome',
      '5 the build',
      'execution-url',
    ])
      expect(help).toContain(word);
  });
});
