import { baseImageName, Builder } from '../rehearsal/builder/builder.ts';
import { createRegistryFront } from '../rehearsal/host/real/registry-front.ts';
import { startRegistry } from '../rehearsal/host/real/registry.ts';
import { ensureBaseImage } from '../rehearsal/cache/ensure-base-image.ts';
import { CleanUp } from '../rehearsal/stage/clean-up.ts';
import { median, record } from './record.ts';

/** A build without cache against one with it, of a commit that changes nothing but the version; medians of five, in turns. */
const rounds = 5;

const registryName = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const checkouts = { web: 'examples/node-app', notes: 'examples/fastapi-alembic' };
type Example = keyof typeof checkouts;
const dockerOptions: Readonly<Record<Example, string>> = {
  web: `--build-arg BASE_IMAGE=${baseImageName('node')}`,
  notes: `--build-arg BASE_IMAGE=${baseImageName('python')} --build-arg PACKAGES=none`,
};
/** What a runner of a CI has before its first build. */
const asNew = 'docker system prune --all --force >/dev/null && docker builder prune --all --force >/dev/null';

let versions = 0;
const cleanUp = new CleanUp();
try {
  const image = await ensureBaseImage(console.error);
  const registry = await startRegistry(image.folder);
  cleanUp.add(() => registry.close());
  const front = createRegistryFront(registry.url, () => true);
  const aws = () => {};
  const builder = await Builder.create({ aws, registryName, registry: front, checkouts }, cleanUp);
  await builder.exec('.', `echo any | docker login --username AWS --password-stdin ${registryName}`);
  const figures = { web: await measure(builder, 'web'), notes: await measure(builder, 'notes') };
  record('build', { rounds, ...figures });
} finally {
  await cleanUp.run();
}

async function measure(builder: Builder, example: Example) {
  const cache = await pushFirst(builder, example);
  const withCache = `--cache-from ${registryName}/${example}@${cache}`;
  const times = { here: { noCache: [], cached: [] }, newRunner: { noCache: [], cached: [] } } as Times;
  for (let round = 0; round < rounds; round += 1) {
    times.here.noCache.push(await build(builder, example, '--no-cache --pull'));
    times.here.cached.push(await build(builder, example, withCache));
    for (const [kind, option] of [
      ['noCache', '--no-cache --pull'],
      ['cached', withCache],
    ] as const) {
      await builder.exec(example, asNew);
      times.newRunner[kind].push(await build(builder, example, option));
    }
  }
  return { sameMachine: summarize(times.here), newRunner: summarize(times.newRunner) };
}

type Times = Record<'here' | 'newRunner', Record<'noCache' | 'cached', number[]>>;

function summarize({ noCache, cached }: Times['here']) {
  const [noCacheMs, cachedMs] = [median(noCache), median(cached)];
  return { noCacheMs, cachedMs, ratio: Number((noCacheMs / cachedMs).toFixed(1)) };
}

/** The image whose layers are the cache; gives its digest. */
async function pushFirst(builder: Builder, example: Example): Promise<string> {
  await build(builder, example, '', 'first');
  const pushed = await builder.exec(example, `docker push ${registryName}/${example}:first`);
  return /digest: (sha256:[0-9a-f]+)/.exec(pushed)![1]!;
}

/** `docker build` as actions/push-image/push-image.sh calls it; gives its milliseconds. */
async function build(builder: Builder, example: Example, options: string, version = `v${(versions += 1)}`) {
  const tag = `${registryName}/${example}:${version}`;
  const labels = `--label org.opencontainers.image.version=${version} --build-arg BUILD_VERSION=${version}`;
  const own = `--build-arg BUILDKIT_INLINE_CACHE=1 --tag ${tag} ${options} ${dockerOptions[example]}`;
  const timed = `began=$(date +%s%3N); DOCKER_BUILDKIT=1 docker build --quiet ${labels} ${own} . >/dev/null`;
  return Number(await builder.exec(example, `${timed} && echo $(($(date +%s%3N) - began))`));
}
