import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInJob } from './push-image.ts';

/** What every machine with a shell has. */
const basics = [
  'sh',
  'sed',
  'tr',
  'od',
  'cut',
  'cat',
  'rm',
  'mktemp',
  'date',
  'tail',
  'mkdir',
  'grep',
  'tee',
  'sort',
];

let folder = '';
const bin = () => join(folder, 'bin');
const sha = 'c842c2a9f00db0717e5d3a6b1c4e8f9021d7b6a5';

/** A program of the test's own. */
const install = (name: string, text: string) =>
  writeFileSync(join(bin(), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

/** A machine that has all that is needed. */
function installAll(): void {
  install('docker', 'case "$*" in --version) echo "Docker version 28.2.2, build e6534b4" ;; esac');
  install(
    'aws',
    'case "$*" in "configure get region") echo eu-central-1 ;; *) echo called >>"$CALLS" ;; esac',
  );
  install('curl', '');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'machine-'));
  mkdirSync(bin());
  for (const name of basics) symlinkSync(`/usr/bin/${name}`, join(bin(), name));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function push(environment: Record<string, string> = {}, options: string[] = []) {
  const given = { PATH: bin(), CALLS: join(folder, 'calls'), GITHUB_SHA: sha, ...environment };
  const { code, stderr, stdout, outputs, annotations } = await runInJob(
    ['push', '--app', 'web', '--context', folder, ...options],
    given,
  );
  const list = stderr.split('\n').filter((line) => line.startsWith('  '));
  return { code, list, stdout, outputs, annotations };
}

describe('what is missing', () => {
  it('is told in one list, each with what to do, and nothing is done', async () => {
    const { code, list, outputs } = await push({
      GITHUB_SHA: '',
      EDGEPAAS_ROLE: 'arn:aws:iam::123456789012:role/push',
    });
    expect(code).toBe(2);
    expect(outputs).toEqual({});
    expect(list).toEqual([
      expect.stringMatching(/^ {2}git is missing, .*install it, or give --build-version$/),
      expect.stringMatching(/^ {2}region is missing: give --region/),
      expect.stringMatching(/^ {2}docker is missing: install Docker/),
      expect.stringMatching(/^ {2}file = ".*\/Dockerfile" is not there: write a Dockerfile/),
      expect.stringMatching(/^ {2}role is given, and there is no token .*permissions: id-token: write/),
      expect.stringMatching(/^ {2}curl is missing, and --role needs it: install it$/),
      expect.stringMatching(/^ {2}aws is missing: install the AWS CLI/),
    ]);
  });

  it('is found where a program is there and does not work', async () => {
    installAll();
    install(
      'docker',
      'case "$*" in --version) echo "Docker version 28.2.2, build e6534b4" ;; *) exit 1 ;; esac',
    );
    install('aws', 'echo "Unable to locate credentials" >&2; exit 253');
    const { code, list } = await push();
    expect(code).toBe(2);
    expect(list).toEqual([
      expect.stringContaining('region is missing'),
      expect.stringContaining('docker has no engine that answers: start it'),
      expect.stringContaining('docker has no buildx: install docker-buildx-plugin'),
      expect.stringMatching(/AWS credentials .* \(Unable to locate credentials\): run "aws configure"/),
    ]);
  });

  it('is not asked for without a need: an engine of before buildx, credentials by a role', async () => {
    installAll();
    install(
      'docker',
      'case "$*" in --version) echo "Docker version 20.10.24, build 1" ;; buildx*) exit 1 ;; esac',
    );
    const { list } = await push({ EDGEPAAS_ROLE: 'arn:aws:iam::123456789012:role/push' });
    expect(list).toEqual([expect.stringContaining('role is given, and there is no token')]);
  });

  it('may be found only on the way: a code that says so, and one sentence', async () => {
    installAll();
    const { code, annotations } = await push({ TMPDIR: '/nonexistent' });
    expect({ code, annotations }).toEqual({
      code: 5,
      annotations: [
        {
          kind: 'error',
          text: expect.stringMatching(/^a command failed on this machine, as said above/) as string,
        },
      ],
    });
  });

  it('may be the folder or the Dockerfile that was named', async () => {
    installAll();
    expect((await push({}, ['--context', '/nowhere'])).list).toEqual([
      '  context = "/nowhere" is no folder: give --context',
    ]);
    expect((await push({}, ['--file', 'Dockerfile.other'])).list).toEqual([
      '  file = "Dockerfile.other" is not there: write a Dockerfile, or give --file',
    ]);
  });
});
