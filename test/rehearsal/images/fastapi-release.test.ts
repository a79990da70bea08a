import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { expect, it } from 'vitest';
import { buildImage } from '../../../rehearsal/images/build-image.ts';
import { fastApi, type FastApiRelease } from '../../../rehearsal/images/fastapi-release.ts';

const build = (buildVersion: string, about: FastApiRelease = {}) =>
  buildImage({ ...fastApi.release(buildVersion, about), base: 'empty' });

async function readApp(about: FastApiRelease = {}): Promise<Map<string, string>> {
  const { blobs } = await build('v1', about);
  const entries = await unpackTar(gunzipSync(await blobs.at(-1)!.read()));
  return new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString()]));
}

it('gives the same digest for the same release, and another for other migrations', async () => {
  const [one, again, other] = await Promise.all([
    build('v1'),
    build('v1', { revisions: ['notes'], schema: 1 }),
    build('v1', { revisions: ['notes', 'slow'] }),
  ]);
  expect(one!.digest).toBe(again!.digest);
  expect(other!.digest).not.toBe(one!.digest);
});

it('starts by the entrypoint, as a user of its own, with what the release is told', async () => {
  const { blobs } = await build('v7', { environment: { HEALTH: 'never' } });
  const { config } = JSON.parse((await blobs[0]!.read()).toString()) as { config: { Env: string[] } };
  expect(config).toMatchObject({
    Entrypoint: ['/app/entrypoint.sh'],
    Cmd: ['python3', '-m', 'app.serve'],
    User: '10001:10001',
    WorkingDir: '/app',
    StopSignal: 'SIGTERM',
  });
  expect(config.Env).toEqual(expect.arrayContaining(['BUILD_VERSION=v7', 'HEALTH=never']));
});

it('chains the migrations as they are listed', async () => {
  const app = await readApp({ revisions: ['notes', 'expand', 'backfill'] });
  const down = (name: string) =>
    /down_revision = (.*)/.exec(app.get(`app/migrations/versions/${name}.py`)!)![1];
  expect(['0001_notes', 'expand', 'backfill'].map(down)).toEqual(['None', '"0001_notes"', '"expand"']);
  expect(app.has('app/migrations/versions/contract.py')).toBe(false);
  expect(() => fastApi.release('v1', { revisions: ['expand'] })).toThrow('The first revision');
});

it('brings code for the schema that the last migration asks for, or for another one', async () => {
  const writes = async (about: FastApiRelease) =>
    /return (\{.*\})/.exec((await readApp(about)).get('app/app/tables.py')!)![1];
  expect(await writes({})).toBe('{"text": text}');
  expect(await writes({ revisions: ['notes', 'expand', 'fails'] })).toBe('{"text": text, "body": text}');
  expect(await writes({ revisions: ['notes', 'expand', 'contract'] })).toBe('{"body": text}');
  expect(await writes({ revisions: ['notes', 'expand'], schema: 1 })).toBe('{"text": text}');
});

it('holds what the Dockerfile copies, and nothing that Python has compiled here', async () => {
  const names = [...(await readApp()).keys()];
  expect(names).toEqual(
    expect.arrayContaining(['app/', 'app/entrypoint.sh', 'app/app/main.py', 'app/alembic.ini']),
  );
  expect(names.filter((name) => /pycache|Dockerfile|README|requirements/.test(name))).toEqual([]);
});
