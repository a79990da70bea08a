import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyKey } from '../../lambdas/lib/ledger.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { BuilderFixture } from './builder-fixture.ts';
import { scriptText } from './push-image.ts';

const fixture = new BuilderFixture();
const digest = `sha256:${'a'.repeat(64)}`;

/** What each shell is given to do: answers, refusals, and the way through the AWS CLI to an outcome. */
const commands = `
show() { echo "\\$ $*"; $SHELL_UNDER_TEST /mnt/actions/push-image/push-image.sh "$@" >out 2>err && code=0 || code=$?; cat out err; echo "code $code"; }
show version --build-version v1
GITHUB_SHA=c842c2a9f00db0717e5d3a6b1c4e8f9021d7b6a5 show version
show version --build-version "a b" --timeout 0 --region '$(id)'
show version --latest --no-cache
show version --no-cache | sed 's/[0-9a-f]\\{6\\}$/(six digits)/'
show version --timeout 0600
GITHUB_OUTPUT=/nonexistent/output show version --build-version v1 | grep -v /nonexistent/
show push --nothing
show --help
show push --app web --build-version sha256-x --context /etc --wait
show wait --app web --build-version v1 --digest ${digest}
show wait --app web --build-version v2 --digest ${digest} --timeout 1
`;
const run = async (shell: string, prelude = '') => {
  const environment = { ...fixture.credentials(), SHELL_UNDER_TEST: shell };
  const { code, stdout, stderr } = await fixture.run(prelude + commands, environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};
/** Everything that busybox is, as on Alpine, before what Debian has. */
const busybox = 'mkdir box; busybox --install -s box; PATH=/tmp/bin:/tmp/box:$PATH\n';

describeRealHost('the push script', () => {
  let expected = '';
  beforeAll(async () => {
    await fixture.open();
    await fixture.ledger.put(historyKey('web', 'web-1'), {
      deploymentId: 'web-1',
      executionArn: 'arn:aws:states:eu-central-1:123456789012:execution:Deploy:one',
      request: { buildVersion: 'v1', digest },
      outcome: 'Failed',
      closed: { failure: { Error: 'health-check-failed', Cause: 'Failed: “never” ready' } },
    });
    expected = await run('dash');
  }, 600_000);
  afterAll(() => fixture.close());

  it('does in dash what it should', () => {
    expect(expected).toContain(
      '$ version --build-version v1\nbuild-version=v1\npush-image: BUILD_VERSION is v1\ncode 0\n',
    );
    expect(expected).toContain('\nbuild-version=(six digits)\n');
    expect(expected).toContain('Failed: health-check-failed: “never” ready\ncode 1\n');
    expect(expected).toMatch(/push-image: a command failed on this machine, .*\ncode 5\n/);
    for (const code of [0, 1, 2, 4, 5]) expect(expected).toContain(`\ncode ${code}\n`);
  });

  it.each([
    ['bash', 'bash', ''],
    ['bash as a POSIX shell', 'bash --posix', ''],
    ['busybox, with its own tools', 'busybox sh', busybox],
    ['mksh', 'mksh', ''],
  ])('does the same in %s', async (_, shell, prelude) => {
    expect(await run(shell, prelude)).toBe(expected);
  });
});

describe('the push script', () => {
  // What macOS's or busybox's tools do not know, of the tools that the script has.
  it.each([
    ['sed -i, -E, -r, \\+, \\?', /\bsed (-i|-E|-r|--)|\bsed [^\n]*\\[+?|]/],
    ['grep -P, -o', /\bgrep -[a-zA-Z]*[Po]/],
    ['date -d, +%N, -Iseconds', /\bdate (-|[^)]*%N)/],
    ['mktemp without a template', /\bmktemp (?!-d "[^\n]*XXXXXX")/],
    ['readlink, realpath, seq', /\b(readlink|realpath|seq) [-"$0-9]/],
    ['local, [[, arrays, <<<, $RANDOM, source', /\blocal |\[\[ |\bdeclare |<<<|\$RANDOM|^\s*source /m],
    ['echo -n, -e', /\becho -/],
    ['tail -1, head -1', /\b(head|tail) -[0-9]/],
  ])('has no %s', (_, pattern) => {
    expect(pattern.exec(scriptText.replace(/^\s*#.*$/gm, ''))?.[0]).toBeUndefined();
  });
});
