import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failureIds } from '../../contracts/failure.ts';
import { phaseNames } from '../../contracts/phase-name.ts';
import { commonFailures } from '../../contracts/phase.ts';
import { phases } from '../../contracts/phases/index.ts';
import { composeScript } from '../../lib/compose-script.ts';

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
    const headers = readdirSync('host/lib').map(
      (file) => readFileSync(`host/lib/${file}`, 'utf8').split('\n')[0]!,
    );
    const counts = headers.map((header) => script.split(`\n${header}\n`).length - 1);
    expect(counts[headers.findIndex((header) => header.startsWith('# The frame of every phase'))]).toBe(1);
    expect(Math.max(...counts)).toBe(1);
  });

  it.each(phaseNames)(
    '%s has nothing the agent would replace, and fits into a document of 64 KB',
    (phase) => {
      const script = composeScript(phase);
      expect(script).not.toContain('{{');
      expect(Buffer.byteLength(JSON.stringify(script.split('\n')))).toBeLessThan(60_000);
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
    expect(allowed).toEqual(expect.arrayContaining(named(readFileSync(`host/phases/${phase}.sh`, 'utf8'))));
  });
});
