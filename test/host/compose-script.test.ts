import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failureIds } from '../../contracts/failure.ts';
import { phaseNames } from '../../contracts/phase-name.ts';
import { commonFailures } from '../../contracts/phase.ts';
import { phases } from '../../contracts/phases/index.ts';
import { declarationsLimit } from '../../contracts/environment.ts';
import { composeScript } from '../../lib/compose-script.ts';

/** As bash has understood them, and the variables that hold programs for jq and awk. */
const functionsOf = (code: string) =>
  spawnSync('bash', ['--norc', '-s'], {
    input: `${code}\ndeclare -f; declare -p | grep -a '^declare -- [A-Z]' | grep -v LINENO`,
    env: { PATH: process.env['PATH'] },
    encoding: 'utf8',
  }).stdout;

// shellcheck looks at the same texts in `npm run check`.
const phaseFiles = readdirSync('host/phases');

describe('a phase’s script as SSM gets it', () => {
  it('is there for each phase of the contract, and for nothing else', () => {
    expect(phaseFiles.sort()).toEqual(phaseNames.map((name) => `${name}.sh`).sort());
  });

  it.each(phaseNames)('%s begins with its shebang, or the agent would run it by sh', (phase) => {
    expect(composeScript(phase).split('\n')[0]).toBe('#!/bin/bash');
  });

  it.each(phaseNames)('%s has every library it sources, once, and sources none', (phase) => {
    const script = composeScript(phase);
    expect(script).not.toMatch(/^source /m);
    const definitions = [...script.matchAll(/^([a-z_]+::[a-z_0-9]+)\(\)/gm)].map(([, name]) => name);
    expect(definitions).toContain('phase::begin');
    expect(definitions).toEqual([...new Set(definitions)]);
  });

  it.each(phaseNames)('%s has every function that it names, and none that nothing names', (phase) => {
    const script = composeScript(phase);
    const names = [...script.matchAll(/[a-z_]+::[a-z_0-9]+(\(\))?/g)].map(([name]) => name);
    const defined = names.filter((name) => name.endsWith('()')).map((name) => name.slice(0, -2));
    const isCast = (name: string) => name.endsWith('::bigint'); // of SQL
    const named = names.filter((name) => !name.endsWith('()') && !isCast(name));
    expect(defined.sort()).toEqual([...new Set(named)].sort());
  });

  it.each(phaseNames)('%s has its functions whole', (phase) => {
    const libraries = readdirSync('host/lib').map((name) => readFileSync(`host/lib/${name}`, 'utf8'));
    const all = [...libraries, readFileSync(`host/phases/${phase}.sh`, 'utf8').split('\nphase::begin ')[0]];
    const source = all.join('\n').replace(/^(#!|source |set -E|shopt |umask |exec |trap ).*$/gm, '');
    const bodies = (code: string) =>
      functionsOf(code)
        .split('\ndeclare -- ')[0]!
        .split(/\n(?=\S+ \(\) *\n)/);
    const script = composeScript(phase).split('\nphase::begin ')[0]!;
    const kept = bodies(script.replace(/^(set -E|shopt |umask |exec |trap ).*$/gm, ''));
    expect(kept.length).toBeGreaterThan(20);
    expect(bodies(source)).toEqual(expect.arrayContaining(kept));
  });

  it('is the files’ own code: what is left out between functions is comments', () => {
    const text = (name: string) => readFileSync(`host/lib/${name}`, 'utf8');
    for (const name of readdirSync('host/lib')) {
      const code = text(name).replace(/^source .*$/gm, '');
      const kept = code.replace(/^# (?!shellcheck ).*\n/gm, '');
      expect(functionsOf(kept), name).toBe(functionsOf(code));
    }
  });

  it.each(phaseNames)(
    '%s has nothing the agent would replace, and fits with its parameters into the 64 KB of a command',
    (phase) => {
      const script = composeScript(phase);
      expect(script).not.toContain('{{');
      expect(Buffer.byteLength(JSON.stringify(script.split('\n')))).toBeLessThan(64_000 - declarationsLimit);
    },
  );
});

describe('the failures that scripts name', () => {
  const named = (text: string) => [...text.matchAll(/::fail ([a-z0-9-]+) /g)].map((match) => match[1]);

  it('are ids of the contract', () => {
    const libraries = readdirSync('host/lib').map((file) => readFileSync(`host/lib/${file}`, 'utf8'));
    const scripts = phaseFiles.map((file) => readFileSync(`host/phases/${file}`, 'utf8'));
    const ids = [...libraries, ...scripts].flatMap(named);
    expect(ids.length).toBeGreaterThan(50);
    expect(failureIds).toEqual(expect.arrayContaining(ids));
  });

  it.each(phaseNames)('are among those that the contract has for %s', (phase) => {
    const allowed = [...commonFailures, ...phases[phase].failures];
    expect(allowed).toEqual(expect.arrayContaining(named(composeScript(phase))));
  });
});
