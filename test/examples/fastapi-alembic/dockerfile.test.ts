import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../../../rehearsal/cache/folders.ts';
import { ensurePythonRoot } from '../../../rehearsal/cache/python-root.ts';
import { digestOf } from '../../../rehearsal/images/blob.ts';
import { buildImage } from '../../../rehearsal/images/build-image.ts';
import { fastApi } from '../../../rehearsal/images/fastapi-release.ts';
import type { PhaseHost } from '../../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../../rehearsal/phases/prepared-host.ts';
import { describeRealHost } from '../../rehearsal/host/fixture.ts';

const build = 'docker build -q --build-arg BASE_IMAGE=python-base --build-arg PACKAGES=none';

/** What `docker inspect` says of a container's start, and an image's configuration as well. */
interface Container {
  readonly Env: string[];
  readonly [key: string]: unknown;
}

describeRealHost("the FastAPI example's Dockerfile", () => {
  let host: PhaseHost;
  let files: ReturnType<typeof createServer>;
  let url: string;

  beforeAll(async () => {
    host = await createPreparedHost();
    const { layer } = await ensurePythonRoot();
    const context = ['-C', join(repositoryRoot, 'examples/fastapi-alembic'), '--exclude=__pycache__', '.'];
    const sent = execFileSync('tar', ['-cf', '-', ...context], { maxBuffer: 1 << 24 });
    files = createServer(({ url: path }, response) => {
      if (path === '/context.tar') response.end(sent);
      else createReadStream(layer.path).pipe(response);
    }).listen(0, host.host.gatewayAddress);
    await once(files, 'listening');
    url = `http://${host.host.gatewayAddress}:${(files.address() as AddressInfo).port}`;
    await host.shell(`set -o pipefail; curl -sf ${url}/layer.tar.gz | docker import - python-base`);
    await host.shell(
      `set -o pipefail; curl -sf ${url}/context.tar | ${build} --build-arg BUILD_VERSION=v1 -t built -`,
    );
  });
  afterAll(async () => {
    files?.close();
    await host?.close();
  });

  it('builds what the rehearsal builds without Docker: the same files, and the same start', async () => {
    const image = await buildImage(fastApi.release('v1'));
    const entries = await unpackTar(gunzipSync(await image.blobs.at(-1)!.read()));
    const expected = entries
      .filter(({ header }) => header.type === 'file')
      .map(({ header, data }) => `${header.mode!.toString(8)} ${digestOf(data!).slice(7)} /${header.name}`);
    const list = `find /app -type f | while read -r file; do
      echo "$(stat -c %a "$file") $(sha256sum <"$file" | cut -d" " -f1) $file"; done`;
    const built = await host.shell(`docker run --rm --entrypoint sh built -c '${list}'`);
    expect(built.split('\n').sort()).toEqual(expected.sort());

    const found = JSON.parse(await host.shell(`docker inspect -f '{{json .Config}}' built`)) as Container;
    const { config } = JSON.parse((await image.blobs[0]!.read()).toString()) as { config: Container };
    const { Env, Labels, ...start } = config;
    expect(found).toMatchObject({ ...start, Labels: Labels as object });
    expect(found.Env.sort()).toEqual(Env.sort());
    expect(found['Healthcheck']).toBeUndefined();
  });

  it('makes an image that serves on port 80 as no one special, keeps its data in its volume, and stops when told', async () => {
    const start =
      'docker run -d --name built -e USE_SQLITE=true -v sqlite:/data/sqlite -p 127.0.0.1:9000:80 built';
    const ask = (path: string) =>
      host.shell(`curl -sS --retry 50 --retry-all-errors --retry-delay 1 ${path}`);
    await host.shell(start);
    expect(JSON.parse(await ask('http://127.0.0.1:9000/health'))).toEqual({
      status: 'healthy',
      buildVersion: 'v1',
      databaseMode: 'sqlite_only',
      databaseModeReason: 'USE_SQLITE is true',
      place: 'docker',
    });
    await ask(`-H 'Content-Type: application/json' -d '{"text":"kept"}' http://127.0.0.1:9000/notes`);
    expect(await host.shell('docker exec built id -u')).toBe('10001');
    expect(await host.shell('docker exec built sh -c "ls -A /dev/shm /tmp"')).toBe('/dev/shm:\n\n/tmp:');
    await host.shell('docker stop -t 60 built');
    expect(await host.shell(`docker inspect -f '{{.State.ExitCode}}' built`)).toBe('0');
    await host.shell(`docker rm built; ${start}`);
    expect(await ask('http://127.0.0.1:9000/notes')).toContain('"kept"');
  });

  it('makes no image that runs without a version', async () => {
    await host.shell(`set -o pipefail; curl -sf ${url}/context.tar | ${build} -t nameless -`);
    const said = await host.shell('docker run --rm -e USE_SQLITE=true nameless 2>&1 || true');
    expect(said).toBe('BUILD_VERSION is not set: build the image with it');
  });
});
