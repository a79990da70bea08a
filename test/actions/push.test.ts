import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appKey, historyKey } from '../../lambdas/lib/ledger.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { BuilderFixture } from './builder-fixture.ts';
import { scriptText } from './push-image.ts';

const fixture = new BuilderFixture();
const uri = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/web';
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/**
 * In place of Docker, one that says what it was asked. What an engine does with that is the end-to-end test's; here is what a
 * person can hardly make an engine do. Between two looks, and at the end: what is left in the temporary folder and in the user's own.
 */
const machine = (after = '') => `
cat >bin/docker <<'DOCKER'
#!/bin/sh
case $1 in
  --version) echo 'Docker version 20.10.24, build 1' ;;
  login) echo "login $* in $DOCKER_CONFIG"; cat "$DOCKER_CONFIG/config.json"; ls "$DOCKER_CONFIG" >&2; echo '{}' >"$DOCKER_CONFIG/config.json"; wc -c >&2 ;;
  build)
    echo "build BUILDKIT=$DOCKER_BUILDKIT BUILDER=$BUILDX_BUILDER" >&2
    for word; do echo "argument $word"; done
    env | grep '^AWS_.*KEY\\|^AWS_SESSION' >&2
    echo '::add-mask::live'
    exit "\${BUILD_CODE:-0}" ;;
  image) printf '%s\\n' PATH=/bin "\${IN_IMAGE-BUILD_VERSION=$EDGEPAAS_BUILD_VERSION}" ;;
  push)
    echo 'The push refers to repository'
    [ -z "\${PUSH_CODE:-}" ] || exit 1
    echo "$EDGEPAAS_BUILD_VERSION: digest: $PUSHED size: 1234" ;;
esac
DOCKER
printf '#!/bin/sh\\nls -d /tmp/push-image.*/docker >&2\\nexec /usr/bin/sleep "$@"\\n' >bin/sleep
chmod +x bin/docker bin/sleep
mkdir -p app /root/.docker/contexts
echo 'FROM scratch' >app/Dockerfile
printf '{\\n "credsStore": "desktop"\\n}\\n' >/root/.docker/config.json
touch output environment
GITHUB_OUTPUT=/tmp/output GITHUB_ENV=/tmp/environment GITHUB_STEP_SUMMARY=/tmp/summary sh /mnt/actions/push-image/push-image.sh push --context app ${after} && code=0 || code=$?
ls -d /tmp/push-image.* >&2 2>/dev/null || :
cat environment summary >&2 2>/dev/null || :
[ "$(cat /root/.docker/config.json | tr -d ' \\n')" = '{"credsStore":"desktop"}' ] || echo touched >&2
exit $code
`;

interface Push {
  readonly version: string;
  readonly digest: string;
  readonly variables?: Record<string, string>;
  readonly after?: string;
  readonly onLine?: (line: string) => void;
}

const push = ({ version, digest, variables = {}, after, onLine }: Push) =>
  fixture.run(
    machine(after),
    { ...fixture.credentials(), EDGEPAAS_BUILD_VERSION: version, PUSHED: digest, ...variables },
    onLine,
  );

const arnOf = (id: string) => `arn:aws:states:eu-central-1:123456789012:execution:Deploy:${id}`;
const record = (id: string, version: string, digest: string, outcome: string) =>
  fixture.ledger.put(historyKey('web', id), {
    deploymentId: id,
    executionArn: arnOf(id),
    request: { buildVersion: version, digest },
    outcome,
    closed: { failure: { Error: 'pull-failed', Cause: `${outcome}: no space` } },
  });

/** As acquire-lease does before it looks for the lease. */
const letIn = (id: string) =>
  fixture.ledger.put(appKey('web', 'newest'), {
    requestOrder: '2026-01-31T12:00:00.000Z 2026-01-31T12:00:01.000Z',
    executionArn: arnOf(id),
  });

const argumentsOf = (stderr: string) => [...stderr.matchAll(/^argument (.*)$/gm)].map(([, word]) => word);

describeRealHost('a push', () => {
  beforeAll(() => fixture.open(), 600_000);
  afterAll(() => fixture.close());

  it.concurrent('builds with the cache of what was pushed last, and is deployed by digest', async () => {
    fixture.images.push({ repository: 'web', tag: 'older', pushedAt: 1 });
    const newest = fixture.images.push({ repository: 'web', tag: 'newer', pushedAt: 2_000_000_000_000 });
    fixture.images.push({ repository: 'web', tag: 'sha256-signature.sig', pushedAt: 3_000_000_000_000 });
    const digest = digestOf('one');
    const variables = { EDGEPAAS_BUILD_OPTIONS: '--build-arg=A=b c\n\n--target=$(id)' };
    const { code, stdout, stderr, masker } = await push({
      version: 'one',
      digest,
      variables,
      after: '-- --quiet',
    });
    expect(code).toBe(0);
    expect(stdout).toBe(`build-version=one\nimage=${uri}@${digest}\ndigest=${digest}\n`);
    expect(stderr).toContain('build BUILDKIT=1 BUILDER=default\n');
    expect(argumentsOf(stderr)).toEqual([
      ...['build', '--platform', 'linux/amd64', '--file', 'app/Dockerfile', '--tag', `${uri}:one`],
      ...['--build-arg', 'BUILD_VERSION=one', '--label', 'org.opencontainers.image.version=one'],
      ...['--build-arg', 'BUILDKIT_INLINE_CACHE=1', '--cache-from', `${uri}@${newest}`],
      ...['--build-arg=A=b c', '--target=$(id)', '--quiet', '--', 'app'],
    ]);
    expect(stderr).toContain(`push-image: pushed to be deployed by digest: ${uri}@${digest}\n`);
    expect(stderr).toContain('\nBUILD_VERSION=one\n');
    expect(stderr).toContain(`| image | ${uri}@${digest} |`);
    // The user's configuration is as it was, and the run's own folder is gone.
    expect(stderr).not.toMatch(/^touched$|^\/tmp\/push-image/m);
    // What a build prints is no command to the runner.
    expect(stderr).toContain('\n::add-mask::live\n');
    expect(masker.leaves('live')).toBe(true);
  });

  it.concurrent(
    'without cache takes new base images; no build sees the credentials of the role; a push that changes nothing is told',
    async () => {
      const digest = fixture.images.push({ repository: 'web', tag: 'three', pushedAt: 3 });
      const variables = {
        ...fixture.job(),
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        AWS_SESSION_TOKEN: '',
      };
      const { code, stderr } = await push({
        version: 'three',
        digest,
        variables,
        after: '--no-cache',
      });
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/^AWS_\w+=./m);
      expect(argumentsOf(stderr)).toEqual(expect.arrayContaining(['--no-cache', '--pull']));
      expect(argumentsOf(stderr)).not.toContain('--cache-from');
      expect(stderr).toContain(
        'pushed: the tag three was this image already, and such a push deploys nothing',
      );
      expect(stderr).not.toContain('to be deployed');
    },
  );

  it('waits for its own deployment, not for an older one of the same version', async () => {
    const digest = digestOf('five');
    await record('web-1', 'five', digest, 'Failed');
    const onLine = (line: string) => {
      if (line.includes('no deployment has begun yet')) void record('web-2', 'five', digest, 'Succeeded');
    };
    const { code, stdout, stderr } = await push({ version: 'five', digest, after: '--wait', onLine });
    expect(stdout).toContain('\ndeployment=web-2\noutcome=Succeeded\n');
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('| execution | [web-2](https:') as string,
    });
    // The password of the registry is gone while it waits.
    expect(stderr).toContain("ls: cannot access '/tmp/push-image.*/docker'");
  });

  it('that changes nothing is live if that release serves, and says what to do if not, once nobody waits', async () => {
    const digest = fixture.images.push({ repository: 'web', tag: 'seven', pushedAt: 5 });
    await fixture.ledger.put(appKey('web', 'current'), {
      deploymentId: 'web-2',
      buildVersion: 'seven',
      digest,
    });
    const same = { version: 'seven', digest, after: '--wait' };
    expect(await push(same)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('deployment=web-2\noutcome=Succeeded') as string,
    });
    await fixture.ledger.put(appKey('web', 'current'), {
      deploymentId: 'web-2',
      buildVersion: 'other',
      digest,
    });
    await letIn('web-7');
    const onLine = (line: string) => {
      if (line.includes('no deployment has begun yet')) void record('web-7', 'other', digest, 'Running');
    };
    const { code, stderr } = await push({ ...same, onLine });
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /the tag seven was this image already.*no deployment has begun yet\n.*seven is not what serves, .*start an execution/s,
    );
  });

  it.each([
    ['the deployment that is on its way', 'web-8', 'Running', 'web-8 is running'],
    ['a request that has none yet, whatever became of the last one', 'web-9', undefined, 'has begun yet'],
  ])('that changes nothing waits for %s', async (_, id, outcome, words) => {
    const digest = fixture.images.push({ repository: 'web', tag: 'eight', pushedAt: 6 });
    await letIn(id);
    if (outcome) await record(id, 'eight', digest, outcome);
    const onLine = (line: string) => {
      if (line.includes(words)) void record(id, 'eight', digest, 'Succeeded');
    };
    expect(await push({ version: 'eight', digest, after: '--wait', onLine })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`deployment=${id}\n`) as string,
    });
  });

  it.concurrent.each([
    ['the build fails', { BUILD_CODE: '7' }, /the build failed: see what docker build says above/],
    ['the push fails', { PUSH_CODE: '1' }, /the push failed: see what docker push says above/],
    ['the push tells no digest', { PUSHED: 'none' }, /docker push told no digest/],
    [
      'the image has no version',
      { IN_IMAGE: '' },
      /was not pushed.*"ARG BUILD_VERSION" and "ENV BUILD_VERSION=/,
    ],
  ])('ends with 5 when %s', async (_, variables, problem) => {
    const { code, stdout, stderr } = await push({ version: 'nine', digest: digestOf('nine'), variables });
    expect({ code, stdout }).toEqual({ code: 5, stdout: 'build-version=nine\n' });
    expect(stderr).toMatch(problem);
    if ('IN_IMAGE' in variables) expect(stderr).not.toContain('The push refers to');
  });

  it.concurrent('of a tag that deploys nothing is not waited for: nothing is built', async () => {
    const tag = { version: 'sha256-ten', digest: digestOf('ten') };
    const waited = await push({ ...tag, after: '--wait' });
    expect(waited.code).toBe(2);
    expect(waited.stderr).toMatch(
      /the tag sha256-ten deploys nothing: .* Choose another version, or leave --wait out/,
    );
    expect(argumentsOf(waited.stderr)).toEqual([]);
    expect(await push(tag)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('push-image: pushed: its tag deploys nothing: ') as string,
    });
  });

  it.concurrent('that is stopped takes its files with it', async () => {
    const stopped = `mkfifo said
sh /mnt/actions/push-image/push-image.sh wait 2>said &
while read -r line; do case $line in *'has begun yet'* | *'is running'*) kill -TERM $! ;; esac; done <said
wait $! && code=0 || code=$?
ls -d /tmp/push-image.* || :
exit $code`;
    const variables = {
      EDGEPAAS_BUILD_VERSION: 'x',
      EDGEPAAS_DIGEST: digestOf('x'),
      EDGEPAAS_POLL_SECONDS: '3600',
    };
    const { code, stdout } = await fixture.run(stopped, { ...fixture.credentials(), ...variables });
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
  });
});

/** With the real client: `docker login` without an engine asks the registry by itself. */
describeRealHost('the login', () => {
  let registry: Server;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    await fixture.open();
    registry = createServer(({ headers: { authorization } }, response) => {
      asked.push(authorization);
      response.writeHead(authorization ? 200 : 401, { 'www-authenticate': 'Basic realm="ECR"' }).end('{}');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  }, 600_000);
  afterAll(async () => {
    registry.closeAllConnections();
    await new Promise((resolve) => registry.close(resolve));
    await fixture.close();
  });

  it.each([
    ['no configuration', undefined],
    ['an empty one', '{}'],
    ['a keychain', '{"credsStore": "trap", "auths": {"other": {}}}'],
    ['a helper of this registry', '{\n\t"credHelpers": {"REGISTRY": "trap", "other": "trap"}\n}\n'],
  ])('stays in the run’s own folder with %s', async (_, config) => {
    asked.length = 0;
    const address = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const own = ['copy_docker_config', 'without_helper'].map(
      (name) => new RegExp(`^${name}\\(\\) \\{$.*?^\\}$`, 'ms').exec(scriptText)![0],
    );
    const login = `${own.join('\n')}
printf '#!/bin/sh\\necho "trap $*" >&2; exit 1\\n' >bin/docker-credential-trap
chmod +x bin/docker-credential-trap
${config === undefined ? '' : `mkdir /root/.docker; printf '%s' "$CONFIG" >/root/.docker/config.json`}
folder=/tmp/own registry=${address}
mkdir own
copy_docker_config
echo secret | docker login --username AWS --password-stdin "$registry" >&2
grep -c '"auth": "QVdTOnNlY3JldA=="' own/docker/config.json
ls -A /root/.docker 2>/dev/null || :`;
    const variables = {
      CONFIG: (config ?? '').replace('REGISTRY', address),
      DOCKER_HOST: 'unix:///tmp/none.sock',
    };
    const { code, stdout, stderr } = await fixture.run(login, variables);
    expect({ code, stdout }, stderr).toEqual({
      code: 0,
      stdout: config === undefined ? '1\n' : '1\nconfig.json\n',
    });
    expect(stderr).not.toContain('trap ');
    expect(asked).toContain('Basic QVdTOnNlY3JldA==');
  });
});
