import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../contracts/outcome.ts';
import { expireImages, report, type Clients, type Expired } from '../../lambdas/expire-images.ts';
import { appKey, deploymentKey, historyKey } from '../../lambdas/lib/ledger.ts';
import { createEc2 } from '../../rehearsal/aws/ec2.ts';
import { memoryImages, type MemoryImages } from '../../rehearsal/aws/ecr-memory-images.ts';
import { createEcr } from '../../rehearsal/aws/ecr.ts';
import type { BusEvent } from '../../rehearsal/aws/event-bus.ts';
import { AwsError, type WireService } from '../../rehearsal/aws/service.ts';
import { systemClock } from '../../rehearsal/clock.ts';
import { startEndpoint, type TestEndpoint } from '../support/aws-endpoint.ts';
import { ScriptHost } from '../support/script-host.ts';
import { smallStack } from '../support/small-stack.ts';
import { openLedger, type LedgerFixture } from './support/ledger.ts';
import { apps, samplePlan, sampleRequest } from './support/samples.ts';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
const repository = 'team/web';
const stack = smallStack({
  Web: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: repository } },
  Api: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'team/api' } },
});
const withRetention = (retention: { releases: number; days: number }, name = 'web') =>
  apps.flatMap((app) =>
    app.name === name ? [{ ...app, repository: { ...app.repository, retention } }] : [],
  );

let ledger: LedgerFixture;
let endpoint: TestEndpoint;
let images: MemoryImages;
let hosts: (ScriptHost & { instanceState?: 'stopped'; createdAt?: number })[];
let clients: Clients;
/** How often ECR throttles an action before it answers. */
let throttled: Record<string, number>;
/** Called before ECR lists the images. */
let onListed: () => Promise<void>;
let events: Pick<BusEvent, 'detail'>[];
let fence: number;

beforeEach(async () => {
  [hosts, throttled, events, fence] = [[new ScriptHost('i-1', { fleet: 'web' })], {}, [], 0];
  onListed = async () => {};
  images = memoryImages({ publish: (event) => void events.push(event) });
  const ecr = createEcr({ stack, images, clock: systemClock, downloadUrl: () => endpoint.url });
  const ec2 = createEc2({ stack, hosts: () => hosts, volumes: [], clock: systemClock });
  ledger = await openLedger();
  endpoint = await startEndpoint(stack, [troubled(ecr), ec2]);
  clients = {
    ecr: new ECRClient({ ...endpoint.as(), maxAttempts: 3 }),
    ec2: new EC2Client(endpoint.as()),
    ledger: ledger.ledger,
  };
});
afterEach(async () => {
  clients.ecr.destroy();
  clients.ec2.destroy();
  await Promise.all([endpoint.close(), ledger.close()]);
});

const troubled = (ecr: WireService): WireService => ({
  name: 'ecr',
  permissions: (action, input) => ecr.permissions(action, input),
  async handle(action, input, caller) {
    const left = (throttled[action] ?? 0) - 1;
    throttled[action] = left;
    if (left >= 0) throw new AwsError('ThrottlingException', 'Rate exceeded');
    const answer = await ecr.handle(action, input, caller);
    if (action === 'DescribeImages') await onListed();
    return answer;
  },
});

/** An image that was pushed so many days ago. */
const push = (
  tag: string | undefined,
  daysAgo: number,
  about: { subject?: string; command?: string[] } = {},
) => images.push({ repository, tag, pushedAt: now - daysAgo * day, command: [tag ?? '/part'], ...about });

interface Told {
  readonly hosts?: string[];
  readonly daysAgo?: number;
  readonly rollback?: true;
  /** Bytes more that the history has of it. */
  readonly padding?: number;
}
/** What the ledger says after a deployment of this image has ended so. */
async function deployed(digest: string, outcome: Outcome | 'Running' = 'Succeeded', told: Told = {}) {
  fence += 1;
  const deploymentId = `web-${fence}`;
  const { hosts: planned = ['i-1'], daysAgo = 100, rollback, padding = 0 } = told;
  const since = now - daysAgo * day;
  const executionArn = `arn:execution:${fence}`;
  const at = new Date(since).toISOString();
  const request = sampleRequest({ digest, executionArn, order: `${at} ${at}`, rollback });
  const plan = samplePlan({ deploymentId, waves: [planned], image: { ...samplePlan().image, digest } });
  const lease = { app: 'web', fence, executionArn, deploymentId, since };
  const closed = outcome === 'Running' ? {} : { closed: { digest } };
  const entry = { ...lease, request, outcome, ...closed, padding: 'x'.repeat(padding) };
  await clients.ledger.put(historyKey('web', deploymentId), entry);
  await clients.ledger.put(deploymentKey(deploymentId, 'plan'), { plan });
  const open = outcome === 'Running' ? { open: 'open' } : {};
  await clients.ledger.put(appKey('web', 'lease'), { ...lease, ...open });
  await clients.ledger.put(appKey('web', 'newest'), { requestOrder: request.order, executionArn });
  if (outcome !== 'Succeeded') return;
  const before = await clients.ledger.current('web');
  const previous = before?.digest ? { previous: before } : {};
  const current = { deploymentId, fence, digest, buildVersion: '1.0.0', ...previous };
  await clients.ledger.put(appKey('web', 'current'), current);
}

const left = async () => (await images.list(repository)).map(({ digest }) => digest).toSorted();
const run = (dryRun = false, which: typeof apps = withRetention({ releases: 2, days: 30 })) =>
  expireImages(which, { dryRun, now }, clients);
const expire = async (dryRun = false) => (await run(dryRun))[0]!;
const deletedBy = ({ deleted }: Expired) => deleted.map(({ digest }) => digest).toSorted();

describe('the expiry of images', () => {
  test('deletes what no rule keeps, and says what it deleted and by which rules the rest stays', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((tag, index) => push(tag, 200 - index));
    for (const digest of [a, b, c, d]) await deployed(digest!);
    const failed = push('failed', 60);
    await deployed(failed, 'Failed');
    push('young', 29);
    const result = await expire();
    expect(deletedBy(result)).toEqual([a!, b!, failed].toSorted());
    expect(await left()).toHaveLength(3);
    expect(result).toMatchObject({ app: 'web', kept: { current: 2, young: 1 }, errors: [] });
    expect(result.deleted).toContainEqual({
      digest: a,
      tags: ['a'],
      pushedAt: new Date(now - 200 * day).toISOString(),
    });
    expect(events.filter(({ detail }) => detail['action-type'] === 'DELETE')).toHaveLength(3);
  });

  test('asked only what would go, deletes nothing', async () => {
    const old = push('old', 60);
    await deployed(push('a', 50));
    const result = await expire(true);
    expect(result).toMatchObject({ dryRun: true, deleted: [{ digest: old, tags: ['old'] }] });
    expect(await left()).toHaveLength(2);
    expect(endpoint.calls.map(({ action }) => action)).not.toContain('BatchDeleteImage');
  });

  test('touches no repository whose app has no retention', async () => {
    push('old', 600);
    expect(await run(false, apps)).toEqual([]);
    expect(endpoint.calls).toEqual([]);
  });

  test('keeps what a stopped or unreachable host was brought to last, and before that', async () => {
    const stopped = Object.assign(new ScriptHost('i-2', { fleet: 'web' }), {
      instanceState: 'stopped' as const,
    });
    hosts.push(stopped, new ScriptHost('i-3', { fleet: 'other' }));
    const digests = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag, index) => push(tag, 200 - index));
    for (const digest of digests.slice(0, 3))
      await deployed(digest, 'Succeeded', { hosts: ['i-1', 'i-2', 'i-3'] });
    for (const digest of digests.slice(3)) await deployed(digest);
    expect(deletedBy(await expire())).toEqual([digests[0]!, digests[3]!].toSorted());
  });

  test('reads nothing from before a new host, which no deployment has taken yet', async () => {
    hosts.push(Object.assign(new ScriptHost('i-2', { fleet: 'web' }), { createdAt: now - day }));
    for (let index = 0; index < 6; index += 1) await deployed(push(`v${index}`, 200 - index));
    const plan = vi.spyOn(clients.ledger, 'plan');
    expect((await expire()).deleted).toHaveLength(4);
    expect(plan).toHaveBeenCalledTimes(2);
  });

  test('keeps what a rollback by hand would go to after one: what was live before what it went back to', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((tag, index) => push(tag, 200 - index));
    const unused = push('unused', 150);
    for (const digest of [a, b, c]) await deployed(digest!);
    await deployed(b!, 'Succeeded', { rollback: true });
    const result = await expire();
    expect(deletedBy(result)).toEqual([unused]);
    expect(result.kept).toEqual({ current: 3 });
  });

  test('keeps what only the second page of the history knows', async () => {
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((tag, index) => push(tag, 200 - index));
    for (const digest of [a, b, c, d, e]) await deployed(digest!, 'Succeeded', { padding: 350_000 });
    const [result] = await run(false, withRetention({ releases: 4, days: 30 }));
    expect(deletedBy(result!)).toEqual([a]);
    expect(result!.kept).toEqual({ current: 2, release: 2 });
  });

  test('keeps the parts of an index that only the second page of the repository names', async () => {
    const parts = [push(undefined, 300), push(undefined, 300, { command: ['/arm'] })];
    for (let index = 0; index < 1000; index += 1) push(undefined, 300, { command: [`/${index}`] });
    const children = parts.map((digest) => ({ digest, architecture: 'amd64' }));
    await deployed(images.pushIndex({ repository, tag: 'multi', pushedAt: now - 300 * day, children }));
    const result = await expire(true);
    expect(result).toMatchObject({ kept: { current: 1, part: 2 }, errors: [] });
    expect(result.deleted).toHaveLength(1000);
  });

  test('keeps what a deployment that ended Inconsistent may have left on a host, but nothing that was rolled back', async () => {
    const [a, b, stuck, back] = ['a', 'b', 'stuck', 'back'].map((tag, index) => push(tag, 200 - index));
    await deployed(a!);
    await deployed(b!);
    await deployed(stuck!, 'Inconsistent');
    await deployed(back!, 'RolledBack');
    const result = await expire();
    expect(deletedBy(result)).toEqual([back]);
    expect(result.kept).toEqual({ current: 2, host: 1 });
  });

  test('takes no part of an index that stays, nested or not, and no signature of what stays', async () => {
    const [amd, arm, attestation] = ['/amd', '/arm', '/att'].map((path) =>
      push(undefined, 300, { command: [path] }),
    );
    const children = (...digests: string[]) => digests.map((digest) => ({ digest, architecture: 'amd64' }));
    const inner = images.pushIndex({
      repository,
      pushedAt: now - 300 * day,
      children: children(arm!, attestation!),
    });
    const index = { repository, tag: 'multi', pushedAt: now - 300 * day, children: children(amd!, inner) };
    const live = images.pushIndex(index);
    push(`sha256-${amd!.slice(7)}.sig`, 300);
    push(undefined, 300, { command: ['/sbom'], subject: live });
    const stray = push(undefined, 300, { command: ['/stray'] });
    await deployed(live);
    const result = await expire();
    expect(deletedBy(result)).toEqual([stray]);
    expect(result.kept).toEqual({ current: 1, part: 6 });
  });

  test('takes an index that goes before its parts, which ECR would refuse, and what signs it', async () => {
    const part = push(undefined, 300);
    const inner = images.pushIndex({
      repository,
      pushedAt: now - 300 * day,
      children: [{ digest: part, architecture: 'amd64' }],
    });
    const outer = { repository, tag: 'old', pushedAt: now - 300 * day };
    images.pushIndex({ ...outer, children: [{ digest: inner, architecture: 'amd64' }] });
    push(`sha256-${inner.slice(7)}.sig`, 300);
    const live = push('live', 200);
    await deployed(live);
    expect(await expire()).toMatchObject({ errors: [], deleted: { length: 4 } });
    expect(await left()).toEqual([live]);
  });

  test('keeps the last release of an app that never went live', async () => {
    push('a', 80);
    const newest = push('c', 60);
    await deployed(push('b', 75), 'Failed');
    expect((await expire()).kept).toEqual({ newest: 1 });
    expect(await left()).toEqual([newest]);
  });

  test('keeps the last release of an app whose ledger is empty, and its signature', async () => {
    push('a', 80);
    const newest = push('b', 70);
    push(`sha256-${newest.slice(7)}.sig`, 60);
    const result = await expire();
    expect(result.kept).toEqual({ newest: 1, part: 1 });
    expect(result.deleted).toMatchObject([{ tags: ['a'] }]);
  });

  test('counts a push under another tag as new, although ECR does not', async () => {
    const [again, refused, old] = [push('a', 90), push('b', 91), push('c', 92)];
    await deployed(again, 'Failed', { daysAgo: 5 });
    const order = new Date(now - 5 * day).toISOString();
    await clients.ledger.recordSuperseded(
      sampleRequest({ digest: refused, order: `${order} ${order}` }),
      'arn:x',
    );
    const live = push('d', 80);
    await deployed(live, 'Succeeded', { daysAgo: 4 });
    expect(deletedBy(await expire())).toEqual([old]);
  });

  test('takes 250 images in lists of at most a hundred', async () => {
    for (let index = 0; index < 250; index += 1) push(`v${index}`, 100);
    await deployed(push('live', 50));
    expect((await expire()).deleted).toHaveLength(250);
    expect(await left()).toHaveLength(1);
    const deletions = endpoint.calls.filter(({ action }) => action === 'BatchDeleteImage');
    expect(deletions).toHaveLength(3);
  });
});

describe('while an app is busy, its images stay', () => {
  test('when a deployment is open: what it needs may not be written down yet', async () => {
    push('old', 90);
    await deployed(push('a', 80), 'Running', { daysAgo: 0 });
    expect(await expire()).toMatchObject({ postponed: 'web-1 is not closed', deleted: [] });
  });

  test('when a request may be waiting for the lease', async () => {
    push('old', 90);
    await deployed(push('a', 80));
    const at = new Date(now - 3_600_000).toISOString();
    const newest = { requestOrder: `${at} ${at}`, executionArn: 'arn:waits' };
    await clients.ledger.put(appKey('web', 'newest'), newest);
    expect(await expire()).toMatchObject({
      postponed: 'arn:waits may be waiting for the lease',
      deleted: [],
    });
    const later = { dryRun: false, now: now + 2 * day };
    const [result] = await expireImages(withRetention({ releases: 2, days: 30 }), later, clients);
    expect(result!.deleted).toHaveLength(1);
  });

  const letIn = (requestOrder: string) =>
    clients.ledger.put(appKey('web', 'newest'), { requestOrder, executionArn: 'arn:let-in' });
  const alter = async (sk: string, values: object) =>
    clients.ledger.put(appKey('web', sk), {
      ...(await clients.ledger.get<object>(appKey('web', sk))),
      ...values,
    });
  test.each([
    ['a deployment has begun', (old: string) => deployed(old, 'Running', { daysAgo: 0 })],
    ['a deployment has ended', (old: string) => deployed(old, 'Succeeded', { daysAgo: 0 })],
    ['a request was let in, and has no lease yet', () => letIn(new Date(now).toISOString())],
    ['a closing has taken the lease and given it back', () => alter('lease', { fence: 2 })],
    ['the lease is open again', () => alter('lease', { open: 'open' })],
    ['another release is current', (old: string) => alter('current', { digest: old })],
  ] as [string, (old: string) => Promise<void>][])(
    'when %s between the decision and the deletion',
    async (_, happens) => {
      const old = push('old', 90);
      await deployed(push('a', 80));
      const { plan } = clients.ledger;
      vi.spyOn(clients.ledger, 'plan').mockImplementationOnce(async (id) => {
        const found = await plan(id);
        await happens(old);
        return found;
      });
      expect(await expire()).toMatchObject({
        postponed: 'a deployment began or ended meanwhile',
        deleted: [],
      });
      expect(await left()).toHaveLength(2);
    },
  );

  test('what is pushed meanwhile is not among them', async () => {
    push('old', 90);
    await deployed(push('a', 80));
    let pushed = '';
    onListed = async () => void (pushed = push('late', 90));
    await expire();
    expect(await left()).toContain(pushed);
    expect(await left()).toHaveLength(2);
  });
});

describe('what goes wrong', () => {
  test('for a moment, such as ECR throttling, is outlasted', async () => {
    push('old', 90);
    await deployed(push('a', 80));
    throttled = { DescribeImages: 2, BatchGetImage: 2, BatchDeleteImage: 2 };
    expect(await expire()).toMatchObject({ errors: [], deleted: [{ tags: ['old'] }] });
  });

  test('with one app keeps no other from its expiry', async () => {
    push('old', 90);
    await deployed(push('a', 80));
    throttled = { DescribeImages: 3 };
    const which = [
      ...withRetention({ releases: 2, days: 30 }, 'api'),
      ...withRetention({ releases: 2, days: 30 }),
    ];
    const [api, web] = await run(false, which);
    expect(api).toMatchObject({
      app: 'api',
      errors: [expect.stringContaining('Rate exceeded')],
      deleted: [],
    });
    expect(web).toMatchObject({ app: 'web', errors: [], deleted: [{ tags: ['old'] }] });
  });

  test('at ECR with one image is reported when the rest is done', async () => {
    const [one, part] = [push('one', 90), push(undefined, 90)];
    await deployed(push('a', 80));
    onListed = async () => {
      onListed = async () => {};
      images.pushIndex({ repository, tag: 'late', children: [{ digest: part, architecture: 'amd64' }] });
    };
    const result = await expire();
    expect(deletedBy(result)).toEqual([one]);
    expect(result.errors).toEqual([
      expect.stringMatching(`${part} was not deleted: ImageReferencedByManifestList`),
    ]);
  });

  test('is no image that is gone already', async () => {
    const old = push('old', 90);
    await deployed(push('a', 80));
    onListed = async () =>
      images.remove(
        repository,
        (await images.list(repository)).find(({ digest }) => digest === old)!,
      );
    expect(await expire()).toMatchObject({ errors: [], deleted: [] });
  });

  test('is a current release that is not in the repository: it is reported, and the rest is done', async () => {
    const old = push('old', 90);
    await deployed(`sha256:${'0'.repeat(64)}`);
    const result = await expire();
    expect(deletedBy(result)).toEqual([old]);
    expect(result.errors).toEqual([
      expect.stringMatching(
        /^the current release of web, 1.0.0 \(sha256:0+, by web-1\), is not in repository team\/web/,
      ),
    ]);
  });

  test('makes the function fail after its log has a line for each app', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const well: Expired = { app: 'api', kept: {}, deleted: [], errors: [] };
    expect(report([well])).toEqual([well]);
    expect(() => report([{ ...well, errors: ['x'] }, well])).toThrow('api: x');
    expect(log.mock.calls.map(([line]) => JSON.parse(line as string) as Expired)).toHaveLength(3);
    log.mockRestore();
  });
});
