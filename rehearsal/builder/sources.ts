import { spawn } from 'node:child_process';
import type { RequestListener } from 'node:http';
import { repositoryRoot } from '../cache/folders.ts';

/** A folder of this repository as a tar, at its own path: what somebody who has cloned it has. */
export const serveSources: RequestListener = ({ url }, response) => {
  const folder = new URL(url ?? '/', 'http://sources').pathname.slice(1);
  const skipped = ['node_modules', 'dist', '__pycache__'].map((name) => `--exclude=${name}`);
  const tar = spawn('tar', ['-C', repositoryRoot, ...skipped, '-cf', '-', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  response.writeHead(200, { 'content-type': 'application/x-tar' });
  tar.stdout.pipe(response);
};
