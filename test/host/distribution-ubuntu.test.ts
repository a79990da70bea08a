import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { composeScript } from '../../lib/compose-script.ts';
import { ensureUbuntuImage, missingForUbuntu } from '../../rehearsal/cache/ubuntu-image.ts';
import { missingForRealHost } from '../../rehearsal/host/can-host.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { PhaseHost, type Values } from './phase-host.ts';
import { valuesOf } from './values.ts';

const missing = missingForRealHost();
const ubuntu = missing.length ? undefined : await missingForUbuntu();
if (ubuntu) missing.push(ubuntu);
const reason = missing.length ? ` (skipped: it needs ${missing.join(' and ')})` : '';

describe.skipIf(missing.length)(`the phases on a real Ubuntu 22.04, with its own packages${reason}`, () => {
  let host: PhaseHost;
  let v1: Image;
  let v2: Image;

  beforeAll(async () => {
    host = await PhaseHost.create({ image: await ensureUbuntuImage() });
    [v1, v2] = await Promise.all([host.push(variants.healthy('v1')), host.push(variants.healthy('v2'))]);
  }, 600_000);
  afterAll(() => host?.close());

  async function facts(phase: PhaseName, values: Values): Promise<Record<string, unknown>> {
    const { receipt, result } = await host.run(phase, values);
    if (receipt.result === 'failed')
      throw new Error(`${phase}: ${receipt.failure}: ${receipt.cause}\n${result.stderr}`);
    return phases[phase].facts.parse(receipt.facts);
  }

  it('lacks nothing that the phases do not install', async () => {
    expect(await host.shell('. /etc/os-release; echo "$ID $VERSION_ID"')).toBe('ubuntu 22.04');
    const found = await facts('inspect', valuesOf(host, 1, v1));
    expect(found).toMatchObject({ prepared: false, distribution: 'ubuntu 22.04', liveSlot: 'none' });
  });

  it('is prepared by Ubuntu’s packages and the repository that Docker has for it', async () => {
    const values = valuesOf(host, 1, v1);
    for (const phase of ['mount-volume', 'install-docker', 'install-nginx'] as const)
      await facts(phase, values);
    expect(await facts('inspect', values)).toMatchObject({ prepared: true, missing: [] });
    const source = await host.shell('cat /etc/apt/sources.list.d/docker.list');
    expect(source).toMatch(/\/linux\/ubuntu jammy stable$/);
    expect(
      await host.shell(
        "dpkg-query --show --showformat '${Package} ${Status}\\n' docker-ce nginx jq xfsprogs",
      ),
    ).toBe(['docker-ce', 'jq', 'nginx', 'xfsprogs'].map((name) => `${name} install ok installed`).join('\n'));
  });

  it('serves a release, moves to the next under Ubuntu’s Nginx, and goes back', async () => {
    for (const [number, image] of [
      [1, v1],
      [2, v2],
    ] as const) {
      const values = valuesOf(host, number, image);
      for (const phase of ['resolve-env', 'pull-release', 'start-candidate', 'switch-traffic'] as const) {
        await facts(phase, values);
      }
      expect(await facts('bake', { ...values, bakeSeconds: '1' })).toMatchObject({ status5xx: 0 });
      await facts('retire', values);
      expect(await host.shell('curl -s http://127.0.0.1/')).toContain(`"buildVersion":"v${number}"`);
    }
    expect(await facts('revert', valuesOf(host, 2, v2))).toMatchObject({
      switched: true,
      liveDigest: v1.digest,
    });
    expect(await host.shell('curl -s http://127.0.0.1/')).toContain('"buildVersion":"v1"');
  });

  it('serves again after a reboot', async () => {
    await host.host.reboot();
    await host.shell('for i in $(seq 600); do curl -sf http://127.0.0.1/ && exit; sleep 0.1; done; exit 1');
    expect(await facts('inspect', valuesOf(host, 2, v2))).toMatchObject({ prepared: true, liveSlot: 'blue' });
  });

  it('has the clients of Postgres and SQLite by the names in the table, and no server', async () => {
    const libraries = composeScript('install-nginx').split(/^phase::begin /m)[0]!;
    const values = valuesOf(host, 3);
    const { stdout, stderr } = await host.host.runScript({
      ...{ documentName: 'clients', stepName: 'clients', commandId: 'clients', timeoutSeconds: 120 },
      environment: { SSM_app: values.app!, SSM_deploymentId: values.deploymentId!, SSM_fence: values.fence! },
      script: `${libraries}
        phase::begin install-nginx
        phase::enter_host
        package::provide_program psql postgresql-client
        package::provide_program sqlite3 sqlite
        phase::done '{}'`,
    });
    expect(`${stdout}${stderr}`).toMatch(
      /"result":"done"[^]*Installing postgresql-client\nInstalling sqlite3\n$/,
    );
    expect(await host.shell('psql --version; sqlite3 --version')).toMatch(/^psql \(PostgreSQL\) 14.*\n3\./);
    expect(await host.shell('command -v postgres pg_ctlcluster || echo none')).toBe('none');
  });
});
