import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outcome } from '../../contracts/outcome.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { appKey, historyKey } from '../../lambdas/lib/ledger.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { BuilderFixture } from './builder-fixture.ts';

const fixture = new BuilderFixture();
const script = 'exec sh /mnt/actions/push-image/push-image.sh wait\n';
const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const arnOf = (name: string) => `arn:aws:states:eu-central-1:123456789012:execution:Deploy:${name}`;
const urlOf = (name: string) =>
  `https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/${arnOf(name)}`;

let fences = 0;
const requestOf = (
  buildVersion: string,
  digest: string,
  order = '2026-01-31T12:00:00.000Z 2026-01-31T12:00:01.000Z',
) => ({
  app: 'web',
  trigger: 'push',
  buildVersion,
  digest,
  eventId: `event-${buildVersion}`,
  order,
});

/** As acquire-lease and close-deployment write it. */
async function recordDeployment(
  version: string,
  digest: string,
  outcome: Outcome | 'Running',
  { request = requestOf(version, digest), ...more }: { request?: object; [fact: string]: unknown } = {},
  execution = version,
) {
  const deploymentId = `web-${++fences}`;
  await fixture.ledger.put(historyKey('web', deploymentId), {
    deploymentId,
    executionArn: arnOf(execution),
    request,
    outcome,
    ...(outcome !== 'Running' && { closed: { deploymentId, outcome, ...more } }),
  });
  return deploymentId;
}

const recordSuperseded = (version: string, digest: string, by: string, order?: string) => {
  const request = requestOf(version, digest, order);
  const key = appKey('web', `request#${request.order}#${request.eventId}`);
  return fixture.ledger.put(key, { request, outcome: 'Superseded', by: arnOf(by) });
};

/** `onLine` is told what the script says. */
const waitFor = (
  version: string,
  digest: string,
  environment: Record<string, string> = {},
  onLine?: (line: string) => void,
) =>
  fixture.run(
    script,
    {
      ...fixture.credentials(),
      EDGEPAAS_BUILD_VERSION: version,
      EDGEPAAS_DIGEST: digest,
      EDGEPAAS_TIMEOUT: '600',
      ...environment,
    },
    onLine,
  );

const noFailure = { failure: { Error: 'none', Cause: '' } };

describeRealHost('waiting for a deployment', () => {
  beforeAll(() => fixture.open(), 600_000);
  afterAll(() => fixture.close());

  it.concurrent('ends with 0 when the release is live, and says what to look at although it is', async () => {
    const id = await recordDeployment('v1', digestOf('1'), 'Succeeded', {
      ...noFailure,
      warning: 'retire: slow',
    });
    const { code, stdout, lastLine, annotations } = await waitFor('v1', digestOf('1'));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `deployment=${id}\noutcome=Succeeded\nexecution-url=${urlOf('v1')}\n`,
    });
    expect(lastLine).toBe('push-image: warning: retire: slow');
    expect(annotations).toEqual([{ kind: 'warning', text: 'retire: slow' }]);
  });

  it.concurrent('takes no host that caught up later for what was pushed', async () => {
    const id = await recordDeployment('v1b', digestOf('1'), 'Succeeded', noFailure);
    const request = { ...requestOf('v1b', digestOf('1')), trigger: 'catch-up', catchUp: ['i-0abc'] };
    await recordDeployment('v1b', digestOf('1'), 'Failed', { request });
    const { code, stdout } = await waitFor('v1b', digestOf('1'));
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`deployment=${id}\n`) as string,
    });
  });

  it.concurrent.each([
    ['Failed', '2', 'candidate-died'],
    ['RolledBack', '3', 'candidate-died'],
    ['Inconsistent', '4', undefined],
  ] as const)('ends with 1 and the cause when it is %s', async (outcome, digit, error) => {
    const cause = 'bake on 1 of 1 hosts: candidate-died: "100%", exit code 1 … ##[add-mask]live';
    const known = error && { failure: { Error: error, Cause: `${outcome}: ${cause}` } };
    const id = await recordDeployment(`v${digit}`, digestOf(digit), outcome, known);
    const { code, stdout, lastLine, annotations, masker } = await waitFor(`v${digit}`, digestOf(digit));
    expect(code).toBe(1);
    expect(stdout).toBe(`deployment=${id}\noutcome=${outcome}\nexecution-url=${urlOf(`v${digit}`)}\n`);
    const told = error ? `${error}: ${cause.replace('##[', '## [')}` : 'unknown: the ledger has no cause';
    expect(lastLine).toBe(`${outcome}: ${told}`);
    expect(annotations).toEqual([{ kind: 'error', text: lastLine }]);
    expect(masker.leaves('live')).toBe(true);
  });

  it.concurrent('goes on while the deployment runs, and tells when it has ended', async () => {
    const id = await recordDeployment('v5', digestOf('5'), 'Running');
    const key = historyKey('web', id);
    const values = { ':closed': { outcome: 'Succeeded', ...noFailure }, ':outcome': 'Succeeded' };
    const finish = () => fixture.ledger.update(key, 'SET closed = :closed, outcome = :outcome', values);
    const told: Promise<boolean>[] = [];
    const { code, stdout } = await waitFor('v5', digestOf('5'), {}, (line) => {
      if (line === `push-image: ${id} is running: ${urlOf('v5')}`) told.push(finish());
    });
    expect(told).toHaveLength(1);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('outcome=Succeeded') as string,
    });
  });

  it.concurrent('ends with 3 when a newer request took its place', async () => {
    await recordSuperseded('v6', digestOf('6'), 'newer');
    const { code, stdout, lastLine } = await waitFor('v6', digestOf('6'));
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: `outcome=Superseded\nexecution-url=${urlOf('newer')}\n`,
    });
    expect(lastLine).toBe(`Superseded: superseded: a newer request took its place: ${urlOf('newer')}`);
  });

  it.concurrent('ends with 1 and the cause when it was refused, even if its event came twice', async () => {
    const executionArn = arnOf('refused');
    const cause = 'web is on hold by ops since 2026: moving. Lift it';
    const request = { ...requestOf('vh', digestOf('0')), executionArn } as unknown as DeploymentRequest;
    await fixture.ledger.recordRefused(request, Object.assign(new Error(cause), { name: 'app-held' }));
    await recordSuperseded(
      'vh',
      digestOf('0'),
      'refused',
      '2026-01-31T12:00:00.000Z 2026-01-31T12:00:09.000Z',
    );
    const { code, stdout, lastLine } = await waitFor('vh', digestOf('0'));
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: `outcome=Failed\nexecution-url=${urlOf('refused')}\n`,
    });
    expect(lastLine).toBe(`Failed: app-held: ${cause}`);
  });

  it.concurrent('follows the deployment when only its event came twice', async () => {
    await recordSuperseded('v7', digestOf('7'), 'first');
    const id = await recordDeployment('v7', digestOf('7'), 'Succeeded', noFailure, 'first');
    const { code, stdout } = await waitFor('v7', digestOf('7'));
    expect(code).toBe(0);
    expect(stdout).toContain(`deployment=${id}\n`);
  });

  it.concurrent('waits for the other one when its event came twice, and that one waits', async () => {
    const order = '2026-02-01T00:00:00.000Z 2026-02-01T00:00:01.000Z';
    await recordSuperseded('vd', digestOf('d'), 'waiting', order);
    await fixture.ledger.put(appKey('web', 'newest'), {
      requestOrder: order,
      executionArn: arnOf('waiting'),
    });
    await fixture.ledger.put(appKey('web', 'lease'), {
      deploymentId: 'web-99',
      executionArn: arnOf('before'),
      open: 'open',
    });
    const told: Promise<string>[] = [];
    const { code } = await waitFor('vd', digestOf('d'), {}, (line) => {
      if (line === `push-image: web-99 is being deployed, and goes first: ${urlOf('before')}`)
        told.push(recordDeployment('vd', digestOf('d'), 'Succeeded', noFailure, 'waiting'));
    });
    expect(code).toBe(0);
    expect(told).toHaveLength(1);
  });

  it.concurrent('ends with 3 when the newest request is of the same second, and another one', async () => {
    const order = '2026-02-01T00:00:00.000Z 2026-02-01T00:00:00.500Z';
    await recordSuperseded('ve', digestOf('e'), 'other', order);
    await recordDeployment('vf', digestOf('f'), 'Running', {}, 'other');
    expect(await waitFor('ve', digestOf('e'))).toMatchObject({ code: 3 });
  });

  it.concurrent('ends with 4 when nothing has been heard in time, and says what to do', async () => {
    const { code, stdout, lastLine } = await waitFor('v8', digestOf('8'), { EDGEPAAS_TIMEOUT: '1' });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(lastLine).toMatch(
      /no deployment of v8 sha256:8+ within 1 s; see the app's rule in EventBridge, or start an execution/,
    );
  });

  it.concurrent('ends with 4 when the deployment takes longer, and links to it', async () => {
    const id = await recordDeployment('v9', digestOf('9'), 'Running');
    const { code, lastLine } = await waitFor('v9', digestOf('9'), { EDGEPAAS_TIMEOUT: '1' });
    expect(code).toBe(4);
    expect(lastLine).toBe(`push-image: ${id} has not ended within 1 s, and goes on: ${urlOf('v9')}`);
  });

  it.concurrent(
    'takes the role by the job’s token, hides what it got, and leaves nothing of it behind',
    async () => {
      await recordDeployment('va', digestOf('a'), 'Succeeded', noFailure);
      const { code, stdout, stderr, masker } = await fixture.run(`${script.slice(5)}ls -A /tmp\n`, {
        ...fixture.job(),
        EDGEPAAS_BUILD_VERSION: 'va',
        EDGEPAAS_DIGEST: digestOf('a'),
      });
      expect(code).toBe(0);
      expect(stdout.trim().split('\n').slice(-1)).toEqual(['bin']);
      const masks = [...stderr.matchAll(/^::add-mask::(.+)$/gm)].map(([, value]) => value!);
      expect(masks).toHaveLength(4);
      for (const mask of masks) expect(masker.leaves(mask)).toBe(false);
    },
  );

  it.concurrent(
    'takes the role anew when the wait is longer than it lasts, at the second try if need be',
    async () => {
      const id = await recordDeployment('vi', digestOf('9'), 'Running');
      const key = historyKey('web', id);
      const values = { ':outcome': 'Succeeded' };
      // Each look at the clock is fifty minutes later; the second token is not to be had.
      const clock = `cat >bin/curl <<'CURL'
#!/bin/sh
echo asked >>asked
[ "$(grep -c . asked)" != 2 ] || { echo 'timed out' >&2; exit 28; }
exec /usr/bin/curl "$@"
CURL
cat >bin/date <<'DATE'
#!/bin/sh
later=$(cat later 2>/dev/null || echo 0)
echo $((later + 3000)) >later
echo $(($(/bin/date +%s) + later))
DATE
chmod +x bin/date bin/curl
`;
      let masks = 0;
      const variables = {
        EDGEPAAS_BUILD_VERSION: 'vi',
        EDGEPAAS_DIGEST: digestOf('9'),
        EDGEPAAS_TIMEOUT: '86400',
      };
      const { code } = await fixture.run(clock + script, { ...fixture.job(), ...variables }, (line) => {
        if (line.startsWith('::add-mask::') && ++masks === 8)
          void fixture.ledger.update(key, 'SET outcome = :outcome', values);
      });
      expect(code).toBe(0);
      expect(masks).toBeGreaterThanOrEqual(8);
    },
  );

  it.concurrent('ends with 5 where the job may not take the role, and says where it is allowed', async () => {
    const { code, lastLine } = await fixture.run(script, {
      ...fixture.job('refs/heads/other'),
      EDGEPAAS_BUILD_VERSION: 'vb',
      EDGEPAAS_DIGEST: digestOf('b'),
    });
    expect(code).toBe(5);
    expect(lastLine).toMatch(/could not take the role .*"github" in edgepaas.config.ts.*AccessDenied/);
  });

  it.concurrent('ends with 5 for an app that the stack does not have', async () => {
    const { code, lastLine } = await waitFor('vc', digestOf('c'), { EDGEPAAS_APP: 'web2' });
    expect(code).toBe(5);
    expect(lastLine).toMatch(
      /could not read the parameter \/edgepaas-push\/Test\/web2 \(is "web2" an app of the stack/,
    );
  });
});
