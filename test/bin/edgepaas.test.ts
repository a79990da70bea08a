import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'edgepaas-bin-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the CDK app as the CLI does, with another configuration. */
function synthesize(config: string) {
  const outdir = join(folder, 'cdk.out');
  rmSync(outdir, { recursive: true, force: true });
  const { status, stderr, stdout } = spawnSync('node', ['--import', 'tsx', 'bin/edgepaas.ts'], {
    encoding: 'utf8',
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ config }) },
  });
  return { status, output: stdout + stderr, outdir };
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const defineConfig = `import { defineConfig } from '${resolve('contracts/config.ts')}';`;

test('makes the stack that the configuration names', () => {
  const { status, output, outdir } = synthesize('edgepaas.config.ts');
  expect(output).toBe('');
  expect(status).toBe(0);
  const { Resources } = JSON.parse(readFileSync(join(outdir, 'EdgePaas.template.json'), 'utf8')) as {
    Resources: Record<string, { Type: string }>;
  };
  expect(Object.values(Resources).map(({ Type }) => Type)).toContain('AWS::StepFunctions::StateMachine');
});

test('says what is wrong with a configuration, a line each, and no stack trace', () => {
  const file = write(
    'wrong.ts',
    `${defineConfig} export default defineConfig({ hosts: {}, apps: [{ name: 'Web!', hosts: 'fleet', repository: { name: 'web' }, port: 80 }] } as never);`,
  );
  const { status, output, outdir } = synthesize(file);
  expect(status).toBe(1);
  expect(output.trim().split('\n')).toEqual([
    `${file} is not valid (invalid-config):`,
    expect.stringMatching(/^ {2}apps\/0\/name = "Web!": must be /),
    expect.stringMatching(
      /^ {2}apps\/0\/port = 80: is no setting: remove it, or use one of name, repository, /,
    ),
    '  apps/0/hosts = "fleet": names no host group: use one of (none is defined)',
  ]);
  expect(existsSync(join(outdir, 'manifest.json'))).toBe(false);
});

test.each([
  ['is not there', join(folder, 'none.ts'), /there is no such file: copy edgepaas\.config\.ts/],
  ['has a typing error', write('broken.ts', 'export default {'), /cannot be read as TypeScript: .*Expected/],
  [
    'throws',
    write('throws.ts', "throw new Error('first\\nsecond');"),
    /cannot be read as TypeScript: Error: first second/,
  ],
  ['exports nothing', write('empty.ts', 'export const config = {};'), /has no default export/],
])('says so in two lines when the file %s', (_, file, line) => {
  const { status, output } = synthesize(file);
  expect(status).toBe(1);
  const [header, problem, ...more] = output.trim().split('\n');
  expect(header).toBe(`${file} is not valid (invalid-config):`);
  expect(problem).toMatch(line);
  expect(more).toEqual([]);
});
