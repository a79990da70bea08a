import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../../contracts/finding.ts';
import { appKey } from '../../../lambdas/lib/ledger.ts';
import { missingForRealHost } from '../../../rehearsal/host/can-host.ts';
import { missingForWayBack } from '../../../rehearsal/faults/endurance/way-back.ts';
import { HurriedClock } from '../../../rehearsal/hurried-clock.ts';
import { variants } from '../../../rehearsal/images/variants.ts';
import { startLoad } from '../../../rehearsal/load/start-load.ts';
import { Rehearsal, type Walked } from '../../../rehearsal/rehearsal.ts';
import { describeDeployment } from '../../../rehearsal/report/describe-deployment.ts';
import { createRealStage, type RealStage } from '../../../rehearsal/stage/real-stage.ts';
import { takeSnapshot } from './host-snapshot.ts';

const missing = missingForRealHost();
const title = missing.length > 0 ? ` (skipped: a real host needs ${missing.join(', ')})` : '';
const otherArchitecture = process.arch === 'arm64' ? 'amd64' : 'arm64';

describe.skipIf(missing.length > 0)(`On a real host${title}`, () => {
  let rehearsal: Rehearsal;
  const clock = new HurriedClock();
  let stage: RealStage;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({
      clock,
      makeStage: async (tags) => (stage = await createRealStage({ tags })),
    });
  });
  afterAll(() => rehearsal?.close());

  const agent = () => rehearsal.agentOf(stage.hosts[0]);
  const deploy = (buildVersion: string) => rehearsal.execute({ app: 'web', buildVersion });

  /** Fails by this id with a cause of one line, and leaves the host as it was. */
  async function refuses(failure: string, cause: RegExp, attempt: () => Promise<Walked>): Promise<void> {
    const before = await takeSnapshot(stage.hosts[0]);
    const serving = await stage.serving();
    const walked = await attempt();
    expect(walked).toMatchObject({ status: 'FAILED', error: failure });
    const text = walked.cause!.startsWith('{')
      ? (JSON.parse(walked.cause!) as { errorMessage: string }).errorMessage
      : walked.cause!;
    expect(text).toMatch(cause);
    expect(text).not.toMatch(/[\n\r]/);
    expect(await takeSnapshot(stage.hosts[0])).toBe(before);
    expect(await stage.serving()).toBe(serving);
  }

  describe('that is bare, refuses with nothing changed', () => {
    it('an app that is not configured', () =>
      refuses('unknown-app', /"nobody".*web/, () =>
        rehearsal.execute({ app: 'nobody', buildVersion: 'v1' }),
      ));

    it('a tag that ECR does not have', () =>
      refuses('image-not-found', /never-pushed/, () => deploy('never-pushed')));

    it.each([
      ['shell metacharacters', 'v1; rm -rf / #`id`$(id)'],
      ['a newline', 'v1\nv2'],
      ['10 kB', 'x'.repeat(10_240)],
      ['a template of SSM', '{{ ssm:/x }}'],
    ])('a tag with %s', (_, buildVersion) =>
      refuses('invalid-request', /buildVersion/, () => deploy(buildVersion)),
    );

    it.each([
      ['shell metacharacters', '$(reboot)'],
      ['a newline', 'web\nweb'],
      ['10 kB', 'w'.repeat(10_240)],
    ])('an app name with %s', (_, app) =>
      refuses('invalid-request', /app/, () => rehearsal.execute({ app, buildVersion: 'v1' })),
    );

    it('an event with metacharacters', () =>
      refuses('invalid-request', /image-tag/, () =>
        rehearsal.execute(pushEventWith({ 'image-tag': 'v1 && reboot' })),
      ));

    it('an image for another architecture', () =>
      refuses('image-architecture-mismatch', /--platform/, () =>
        rehearsal.push({ ...variants.labelled('other', otherArchitecture), base: 'empty' }),
      ));

    it('an image without a command', () =>
      refuses('image-not-runnable', /ENTRYPOINT|CMD/, () =>
        rehearsal.push({ ...variants.withoutCommand('nothing'), base: 'empty' }),
      ));

    it('a host whose agent is offline', async () => {
      agent().setPing('ConnectionLost');
      await refuses('host-offline', new RegExp(stage.hosts[0].instanceId), () =>
        rehearsal.push(variants.healthy('v1')),
      );
      agent().setPing('Online');
    });

    it('a host whose agent is too old', async () => {
      const { version } = agent();
      agent().setVersion('3.2.1.0');
      await refuses('agent-too-old', /3\.2\.1\.0/, () => deploy('v1'));
      agent().setVersion(version);
    });

    it('no host with the tag', async () => {
      // Taken off the instance in EC2, as a person would; the host itself knows nothing of its tags.
      const tags = stage.hosts[0].tags as Record<string, string>;
      const { key, value } = rehearsal.app.hostTag;
      delete tags[key];
      await refuses('no-host-found', new RegExp(`${key}=${value}`), () => deploy('v1'));
      tags[key] = value;
    });

    it('a port 80 that something else holds', async () => {
      await stage.hosts[0].exec([
        'systemd-run',
        '--unit=squatter',
        '--quiet',
        'perl',
        '-MIO::Socket::INET',
        '-e',
        squat,
      ]);
      await stage.hosts[0].exec([
        'bash',
        '-c',
        'until ss -Hltn sport = :80 | grep -q .; do sleep 0.05; done',
      ]);
      await refuses('port-80-taken', /perl/, () => deploy('v1'));
      await stage.hosts[0].exec(['systemctl', 'stop', 'squatter']);
    });
  });

  describe('that is prepared', () => {
    it('takes a push live', async () => {
      const walked = await rehearsal.push(variants.healthy('v2', 1_000_000));
      expect(walked).toMatchObject({ status: 'SUCCEEDED' });
      expect(await stage.serving()).toBe('v2');
    });

    it('refuses an image whose command does not exist, and still serves', async () => {
      const walked = await rehearsal.push({ ...variants.notRunnable('broken'), base: 'empty' });
      expect(walked).toMatchObject({ status: 'FAILED', error: 'image-not-runnable' });
      expect(await stage.serving()).toBe('v2');
      expect(await idleContainers(stage)).toBe('');
    });

    it('refuses on a full disk, and still serves', async () => {
      await stage.hosts[0].exec(['bash', '-c', fillDocker]);
      const walked = await rehearsal.push(variants.healthy('v3', 1_000_000));
      await stage.hosts[0].exec([
        'bash',
        '-c',
        `rm "$(docker info --format '{{.DockerRootDir}}')/../filler"`,
      ]);
      expect(walked).toMatchObject({ status: 'FAILED', error: 'disk-full' });
      expect(walked.cause).toMatch(/[0-9]/);
      expect(await stage.serving()).toBe('v2');
    });

    it('starts one deployment of a push whose event comes twice', async () => {
      const first = await rehearsal.push(variants.healthy('v4', 1_000_000));
      const again = await rehearsal.execute(first.execution.input);
      expect(first).toMatchObject({ status: 'SUCCEEDED' });
      expect(again).toMatchObject({ status: 'SUCCEEDED' });
      const entered = again.execution.handle.history.map(({ name }) => name);
      expect(entered).toContain('Superseded');
      expect(entered).not.toContain('FindHosts');
    });

    it('ends with the newer of two pushes in a row, and loses no request on the way', async () => {
      const load = await startLoad({ target: stage.targetOf(stage.hosts[0]), delayMs: 20 });
      const older = await rehearsal.pushOnly(variants.healthy('v5', 1_000_000));
      const newer = await rehearsal.pushOnly(variants.healthy('v6', 1_000_000));
      const ended = await Promise.all(
        [older, newer].map(async ({ started }) => rehearsal.walked(await started)),
      );
      expect(ended.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      expect(await stage.serving()).toBe('v6');
      const { failed, resets, truncatedStreams, webSocketsWithoutCloseFrame, requests, samples } =
        await load.stop();
      expect({ failed, resets, truncatedStreams, webSocketsWithoutCloseFrame, samples }).toEqual({
        failed: 0,
        resets: 0,
        truncatedStreams: 0,
        webSocketsWithoutCloseFrame: 0,
        samples: [],
      });
      expect(requests).toBeGreaterThan(1000);
    });

    it('brings hosts back to the ledger when an execution is aborted after the switch', async () => {
      const { started } = await rehearsal.pushOnly(variants.healthy('v7', 1_000_000));
      const arn = await started;
      await rehearsal.entered(arn, 'Bake');
      const closingStarted = rehearsal.nextStart('"closes"');
      await rehearsal.abort(arn);
      const closing = await rehearsal.walked(await closingStarted);
      const report = await describeDeployment(rehearsal, 'closing', closing);
      expect(report.outcome).toBe('RolledBack');
      expect(report.servingAfterwards).toBe('v6');
      expect((await rehearsal.push(variants.healthy('v8', 1_000_000))).status).toBe('SUCCEEDED');
    });

    it('has kept of all these no more than what serves and the way back', async () => {
      const [host] = stage.hosts;
      const { digest, previous } = (await rehearsal.deployer.ledger.current('web'))!;
      const releases = { live: digest!, before: previous!.digest };
      expect(await missingForWayBack(host, releases, true)).toEqual([]);
      const images = await host.exec(['docker', 'images', '--quiet', '--no-trunc']);
      expect(images.trim().split('\n')).toHaveLength(2);
    });

    it('goes on where its host was when that lost its power in the middle of a start', async () => {
      const [host] = stage.hosts;
      const starts: string[] = [];
      let powerCut: Promise<void> | undefined;
      const isCreated = () =>
        host.exec(['docker', 'ps', '--all', '--quiet', '--filter', `label=${label('v9')}`]);
      const forget = host.onScript(({ run }) => {
        if (!run.documentName.includes('StartCandidate')) return;
        starts.push(run.commandId);
        powerCut ??= expect
          .poll(isCreated)
          .not.toBe('')
          .then(() => host.reboot());
      });
      const stopHurrying = clock.hurry(() => !rehearsal.deployer.busy);
      // Not healthy at once, so that the power is cut before its phase has ended.
      const command = ['/usr/local/bin/node', '-e', 'setTimeout(() => require("/app/server.cjs"), 3000)'];
      const walked = await rehearsal.push({ ...variants.healthy('v9', 1_000_000), command });
      stopHurrying();
      forget();
      await powerCut;
      expect(walked).toMatchObject({ status: 'SUCCEEDED' });
      expect(starts).toHaveLength(2);
      expect(await stage.serving()).toBe('v9');
    });

    it('heals a container that a person stopped', async () => {
      const [host] = stage.hosts;
      const running = await host.exec(['docker', 'ps', '--quiet', '--filter', 'label=edgepaas.app=web']);
      await host.exec(['docker', 'stop', running.trim()]);
      const walked = await rehearsal.walked(await rehearsal.nextScheduled('"catchUp"'));
      expect(walked).toMatchObject({ status: 'SUCCEEDED' });
      expect(await stage.serving()).toBe('v9');
    });

    it('tells of a container that runs beside the live one, and when it is gone', async () => {
      const [host] = stage.hosts;
      const stopped = [
        'docker',
        'ps',
        '--quiet',
        '--filter',
        'label=edgepaas.app=web',
        '--filter',
        'status=exited',
      ];
      const stray = (await host.exec(stopped)).trim();
      const key = appKey('web', 'findings');
      const found = async () =>
        (await rehearsal.deployer.ledger.get<{ findings: Finding[] }>(key))?.findings ?? [];
      const stopHurrying = clock.hurry(() => !rehearsal.deployer.busy);
      await expect.poll(found, { timeout: 60_000 }).toEqual([]);
      await host.exec(['docker', 'start', stray]);
      await expect
        .poll(found, { timeout: 60_000 })
        .toMatchObject([{ finding: 'stray-candidate', host: host.instanceId }]);
      await host.exec(['docker', 'stop', stray]);
      await expect.poll(found, { timeout: 60_000 }).toEqual([]);
      stopHurrying();
    });
  });
});

describe.skipIf(missing.length > 0)(`On a real host with a foreign volume${title}`, () => {
  it('refuses to format it, and leaves the host as it was', async () => {
    let stage: RealStage;
    const makeStage = async (tags: Parameters<typeof createRealStage>[0]['tags']) =>
      (stage = await createRealStage({ tags, volume: { content: 'ext4', attached: true } }));
    const rehearsal = await Rehearsal.start({ makeStage });
    try {
      const before = await takeSnapshot(stage!.hosts[0]);
      const walked = await rehearsal.push(variants.healthy('v1'));
      expect(walked).toMatchObject({ status: 'FAILED', error: 'foreign-filesystem' });
      expect(walked.cause).toMatch(/ext4/);
      expect(await takeSnapshot(stage!.hosts[0])).toBe(before);
    } finally {
      await rehearsal.close();
    }
  });
});

const squat =
  'my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die $!; sleep 1 while 1';
const fillDocker = `
  set -eu
  folder=$(docker info --format '{{.DockerRootDir}}')/..
  free=$(df --output=avail --block-size=1M "$folder" | tail -1)
  fallocate --length $((free - 50))M "$folder/filler"
`;

const label = (buildVersion: string) => `edgepaas.build-version=${buildVersion}`;

const idleContainers = ({ hosts }: RealStage) =>
  hosts[0].exec(['docker', 'ps', '--all', '--filter', `label=${label('broken')}`, '--quiet']);

const pushEventWith = (detail: Record<string, string>) => ({
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  time: '2026-11-16T01:54:34Z',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'web',
    'image-digest': `sha256:${'a'.repeat(64)}`,
    'action-type': 'PUSH',
    'image-tag': 'v1',
    ...detail,
  },
});
