import { afterAll, beforeAll, expect, it } from 'vitest';
import { baseImageName, Builder } from '../../../rehearsal/builder/builder.ts';
import { CleanUp } from '../../../rehearsal/stage/clean-up.ts';
import { describeRealHost } from '../host/fixture.ts';

const registryName = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const build = `DOCKER_BUILDKIT=1 docker build --quiet --build-arg BASE_IMAGE=${baseImageName('node')}`;

describeRealHost('a machine that builds images', () => {
  const cleanUp = new CleanUp();
  const asked: string[] = [];
  let builder: Builder;

  beforeAll(async () => {
    builder = await Builder.create(
      {
        aws: ({ headers }, response) => {
          asked.push(headers.host!);
          response.writeHead(503).end();
        },
        registryName,
        registry: (_, response) => response.writeHead(401).end(),
        checkouts: { web: 'examples/node-app' },
      },
      cleanUp,
    );
  });
  afterAll(() => cleanUp.run());

  it('builds what a Dockerfile says, its packages and its bundle too, and the result runs', async () => {
    await builder.exec('web', `${build} --build-arg BUILD_VERSION=v1 --tag web:v1 .`);
    const said = await builder.exec(
      'web',
      'docker run --rm web:v1 node -e "console.log(process.env.BUILD_VERSION)"',
    );
    expect(said).toBe('v1');
    expect(await builder.exec('web', 'docker run --rm web:v1 ls /app')).toBe('server.cjs');
  });

  it('has a commit, and another one after a change', async () => {
    const first = await builder.exec('web', 'git rev-parse HEAD');
    const second = await builder.commit('web', 'echo "# changed" >>Dockerfile');
    expect([first, second].every((sha) => /^[0-9a-f]{40}$/.test(sha))).toBe(true);
    expect(await builder.exec('web', 'git log --format=%H')).toBe(`${second}\n${first}`);
  });

  it('gives back how a command ended and what it said', async () => {
    expect(await builder.run('web', 'echo out; echo "$WORD" >&2; exit 3', { WORD: 'err' })).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('reaches AWS under its own name, trusted by its certificate, and nothing else', async () => {
    const ask = (url: string) => builder.run('web', `curl -sS -m 5 -o /dev/null -w '%{http_code}' ${url}`);
    expect((await ask('https://ssm.eu-central-1.amazonaws.com/')).stdout).toBe('503');
    expect(asked).toEqual(['ssm.eu-central-1.amazonaws.com']);
    expect((await ask('https://registry.npmjs.org/')).exitCode).toBe(6); // it has no name server
    expect((await ask('http://1.1.1.1/')).exitCode).toBe(7); // nor a route
  });

  it('may pull from the registry of everybody, and not push to it', async () => {
    const pushed = await builder.run(
      'web',
      `docker tag web:v1 ${baseImageName('node')} && docker push ${baseImageName('node')}`,
    );
    expect(pushed.exitCode).toBe(1);
    expect(pushed.stderr).toMatch(/405|denied|unsupported/i);
  });
});
