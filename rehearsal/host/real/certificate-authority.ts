import { readFile, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { runTool } from '../../cache/tools.ts';
import { createScratchFolder } from './run-folder.ts';

/** PEM texts. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** An authority of this run alone, and one certificate of its that is good for all names and addresses of a server. */
export interface CertificateAuthority {
  /** What a client must trust. */
  readonly authority: string;
  readonly server: Certificate;
}

const issue = `
  set -eu
  new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
  printf '[req]\ndistinguished_name = none\n[none]\n' >config
  openssl req -x509 -config config $new_key -keyout authority.key -out authority.crt -subj '/CN=EdgePaaS rehearsal' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  openssl req -x509 -config config $new_key -keyout server.key -out server.crt -subj '/CN=rehearsal server' \
    -CA authority.crt -CAkey authority.key -addext basicConstraints=CA:FALSE -addext "subjectAltName=$1"
`;

export async function createCertificateAuthority(
  imageFolder: string,
  names: readonly string[],
): Promise<CertificateAuthority> {
  const folder = createScratchFolder('certificates-');
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  try {
    await runTool(imageFolder, folder, [
      'sh',
      '-c',
      issue,
      'sh',
      names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(','),
    ]);
    const server = { key: await read('server.key'), certificate: await read('server.crt') };
    return { authority: await read('authority.crt'), server };
  } finally {
    await rm(folder, { recursive: true });
  }
}
