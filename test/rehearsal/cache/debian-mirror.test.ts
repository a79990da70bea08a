import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDebianMirror } from '../../../rehearsal/cache/debian-mirror.ts';

describe('the Debian mirror', () => {
  let folder: string;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgepaas-apt-'));
    mkdirSync(join(folder, 'sources.list.d'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the one that a one-line source names', () => {
    write(
      'sources.list',
      '# deb http://old.example/debian x main\ndeb [arch=amd64] http://near.example/debian/ x main\n',
    );
    expect(findDebianMirror(folder)).toBe('http://near.example/debian');
  });

  it('is the one that a deb822 source names, and not the security archive', () => {
    const security = 'URIs: http://near.example/debian-security\nSuites: x-security\n';
    write('sources.list.d/a.sources', security);
    write('sources.list.d/debian.sources', 'Types: deb\nURIs: https://near.example/debian\nSuites: x\n');
    expect(findDebianMirror(folder)).toBe('https://near.example/debian');
  });

  it('is Debian’s own where the machine names none', () => {
    write('sources.list', 'deb http://archive.ubuntu.com/ubuntu x main\n');
    expect(findDebianMirror(folder)).toBe('http://deb.debian.org/debian');
    expect(findDebianMirror(join(folder, 'absent'))).toBe('http://deb.debian.org/debian');
  });
});
