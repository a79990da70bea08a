import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom, inPool, partOf, seed, shaOf, textOf } from './random.ts';
import { usesOf } from '../../scripts/check/action-files.ts';
import { judgeOutputs, repository, type Runner } from './runner/job-runner.ts';
import { SecretMasker } from './runner/secret-masker.ts';
import { runProgram } from './runner/step-runner.ts';
import { runWorkflow } from './runner/workflow-runner.ts';

const sha = 'c842c2a9f00db0717e5d3a6b1c4e8f9021d7b6a5';
const pushImage = usesOf('actions/push-image');
const example = readFileSync(join(repository, 'examples/node-app/deploy.yml'), 'utf8');
const script = join(repository, 'actions/push-image/push-image.sh');
const path = process.env['PATH']!;

const runnerWith = (secrets: Record<string, string>, commit = sha): Runner => ({
  secrets,
  environment: { PATH: path, GITHUB_SHA: commit },
  others: { 'actions/checkout@v4': () => ({}) },
});

/** Two jobs: `build` makes a version by these steps, `deploy` tags an image with what it gets. */
const twoJobs = (steps: string) => `
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      version: \${{ steps.version.outputs.build-version }}
    steps:
${steps.replace(/^/gm, '      ')}
  deploy:
    needs: build
    runs-on: ubuntu-latest
    outputs:
      image: \${{ steps.tag.outputs.image }}
    steps:
      - id: tag
        run: echo "image=web:$VERSION" >>"$GITHUB_OUTPUT"
        env:
          VERSION: \${{ needs.build.outputs.version }}
`;
const useSecret = `- run: echo "logging in with $PASSWORD"
  env:
    PASSWORD: \${{ secrets.PASSWORD }}`;
const maskCredential = `- run: echo "::add-mask::$(echo c842)"`;
const shortSha = `- id: version
  run: echo "build-version=$(echo "$GITHUB_SHA" | cut -c 1-7)" >>"$GITHUB_OUTPUT"`;
const randomDigits = `- id: version
  run: echo "build-version=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \\n')7" >>"$GITHUB_OUTPUT"`;
const ours = `- id: version
  uses: ${usesOf('actions/build-version')}`;

const imageAfter = async (steps: string, password: string) =>
  (await runWorkflow(twoJobs(steps), runnerWith({ PASSWORD: password })))['deploy']!.outputs['image'];

describe('a version made in a job that has secrets', () => {
  it('reaches other jobs while no secret is part of it', async () => {
    expect(await imageAfter(`${useSecret}\n${shortSha}`, 'correct horse')).toBe('web:c842c2a');
  });

  it.each([
    ['a short SHA after a secret', `${useSecret}\n${shortSha}`, '42c'],
    ['a short SHA after a masked credential', `${maskCredential}\n${shortSha}`, 'other'],
    ['random digits after a secret', `${useSecret}\n${randomDigits}`, '7'],
    ['a short SHA of which a line of a secret is part', `${useSecret}\n${shortSha}`, 'one\nc84\nthree'],
    ['a short SHA before the secret', `${shortSha}\n${useSecret}`, '42c'],
    ['a short SHA before a masked credential', `${shortSha}\n${maskCredential}`, 'other'],
    ['our version, first in the job, before the secret', `${ours}\n${useSecret}`, '42c'],
  ])('is lost to other jobs: %s', async (_, steps, password) => {
    expect(await imageAfter(steps, password)).toBe('web:');
  });

  it('is whole within the job, for the image that is built there', async () => {
    const steps = `${ours}\n${useSecret}\n- run: echo "$BUILD_VERSION" >>"$GITHUB_STEP_SUMMARY"; echo "tag=$BUILD_VERSION" >>"$GITHUB_OUTPUT"`;
    const { build } = await runWorkflow(twoJobs(steps), runnerWith({ PASSWORD: '42c' }));
    expect(build!.withheld).toEqual(['version']);
    expect(build!.steps.at(-1)!.outputs).toEqual({ tag: sha });
    expect(build!.steps.at(-1)!.summary.trim()).toBe(sha.replace('42c', '***'));
  });
});

describe(`a version made in a job without secrets (seed ${seed})`, () => {
  const random = createRandom();

  /** The push job has secrets that are parts of the version, in every way in which a runner gets to know one. */
  const hostilePush = (version: string): Runner['others'] => ({
    'actions/checkout@v4': () => ({}),
    [pushImage]: (inputs, masker) => {
      expect(inputs['build-version']).toBe(version);
      masker.addSecret(partOf(random, version));
      masker.add(version);
      return { digest: `sha256:${version}`, outcome: 'Succeeded', 'execution-url': 'https://example' };
    },
  });

  it('reaches the jobs after our reusable workflow, whatever the secrets of the push are', async () => {
    const shas = Array.from({ length: 150 }, () => shaOf(random));
    await inPool(shas, async (commit) => {
      const secrets = { PASSWORD: partOf(random, commit), OTHER: commit };
      const runner = { ...runnerWith(secrets, commit), others: hostilePush(commit) };
      const { deploy, announce } = await runWorkflow(example, runner);
      expect(deploy!.outputs['build-version']).toBe(commit);
      expect(deploy!.withheld).toContain('digest');
      expect(announce!.steps[0]!.summary).toBe(`web ${commit} is live\n`);
    });
  });

  it('reaches them for builds without cache too', async () => {
    const uncached = example.replace('wait: true', 'no-cache: true');
    await inPool([...Array(50).keys()], async () => {
      let pushed = '';
      const push: Runner['others'][string] = (inputs, masker) => {
        pushed = inputs['build-version']!;
        masker.addSecret(partOf(random, pushed));
        return {};
      };
      const runner = { ...runnerWith({}), others: { 'actions/checkout@v4': () => ({}), [pushImage]: push } };
      const { deploy } = await runWorkflow(uncached, runner);
      expect(deploy!.outputs).toEqual({ 'build-version': expect.stringMatching(/^[0-9a-f]{6}$/) as string });
      expect(deploy!.outputs['build-version']).toBe(pushed);
    });
  });

  it('is the commit, or six new random digits, in five hundred runs of the script each', async () => {
    const commits = Array.from({ length: 500 }, () => shaOf(random));
    const both = 'for GITHUB_SHA; do export GITHUB_SHA; sh "$0" version; sh "$0" version --no-cache; done';
    const { stdout } = await runProgram(['sh', '-c', both, script, ...commits], { PATH: path });
    const lines = stdout.split('\n');
    expect(lines.filter((_, index) => index % 2 === 0)).toEqual([
      ...commits.map((commit) => `build-version=${commit}`),
      '',
    ]);
    const random6 = new Set(lines.filter((_, index) => index % 2 === 1));
    for (const line of random6) expect(line).toMatch(/^build-version=[0-9a-f]{6}$/);
    // Of five hundred in sixteen million, four pairs are not to be expected in a lifetime.
    expect(random6.size).toBeGreaterThan(496);
  });

  it('is handed on by a job without secrets, and withheld by one that has a part of it, in ten thousand pairs', () => {
    const outputs = { version: '${{ steps.version.outputs.build-version }}' };
    for (let count = 0; count < 10_000; count++) {
      const version = random(2) === 0 ? shaOf(random) : textOf(random, '0123456789abcdef', 6);
      const contexts = { steps: { version: { outputs: { 'build-version': version } } } };
      const withSecret = new SecretMasker();
      withSecret.addSecret(partOf(random, version));
      const without = new SecretMasker();
      without.addSecret('ghs_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ');
      expect(judgeOutputs({ outputs }, contexts, withSecret).withheld).toEqual(['version']);
      expect(judgeOutputs({ outputs }, contexts, without).outputs).toEqual({ version });
    }
  });
});
