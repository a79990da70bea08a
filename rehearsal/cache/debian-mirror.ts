import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const fallback = 'http://deb.debian.org/debian';
/** Matches both `deb [options] URI suite` and the `URIs: URI` of a deb822 file. */
const source = /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?:\s|$)/m;

/** The Debian mirror this machine itself uses: it is near, and where the network is closed it is the one that answers. */
export function findDebianMirror(aptFolder = '/etc/apt'): string {
  for (const file of sourceFiles(aptFolder)) {
    const found = source.exec(readFileSync(file, 'utf8'));
    if (found?.[1]) return found[1];
  }
  return fallback;
}

function sourceFiles(aptFolder: string): string[] {
  try {
    const parts = readdirSync(join(aptFolder, 'sources.list.d')).sort();
    const files = readdirSync(aptFolder).filter((name) => name === 'sources.list');
    return [...files, ...parts.map((name) => join('sources.list.d', name))]
      .filter((name) => /\.(list|sources)$/.test(name))
      .map((name) => join(aptFolder, name));
  } catch {
    return []; // no Debian machine
  }
}
