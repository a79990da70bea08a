import { get } from 'node:http';
import type { Target } from './stage.ts';

/** The X-Build-Version that `/` answers with through port 80, or its status without one. */
export function askVersion({ host, port, hostHeader }: Target): Promise<string> {
  const headers = hostHeader ? { Host: hostHeader } : {};
  return new Promise((resolve) => {
    const request = get({ host, port, headers, path: '/', agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(String(response.headers['x-build-version'] ?? `status ${response.statusCode}`));
    });
    request.once('timeout', () => request.destroy(new Error('no answer within 5 s')));
    request.once('error', (error) => resolve(`nothing (${error.message})`));
  });
}
