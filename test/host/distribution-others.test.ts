import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { ensureOtherImage, missingForOther } from '../../rehearsal/cache/other-image.ts';
import { missingForRealHost } from '../../rehearsal/host/can-host.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { otherDistributions } from './other-distributions.ts';
import { PhaseHost, type Values } from '../../rehearsal/phases/phase-host.ts';
import { backupFolder, SqliteWriter } from './sqlite-writer.ts';
import { valuesOf, valuesOfEnvironment } from '../../rehearsal/phases/values.ts';

/** By `EDGEPAAS_DISTRIBUTIONS=all npm test -- test/host/distribution-others.test.ts`: see vitest.config.ts. */
for (const { name, id, codename, psql } of otherDistributions) {
  const missing = missingForRealHost();
  const unreachable = missing.length ? undefined : await missingForOther(name);
  if (unreachable) missing.push(unreachable);
  const reason = missing.length ? ` (skipped: it needs ${missing.join(' and ')})` : '';

  describe.skipIf(missing.length)(`the phases on a real ${name}, with its own packages${reason}`, () => {
    let host: PhaseHost;
    let v1: Image;
    let v2: Image;

    beforeAll(async () => {
      host = await PhaseHost.create({ image: await ensureOtherImage(name), database: true });
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
      expect(await host.shell('. /etc/os-release; echo "$ID $VERSION_ID"')).toBe(id);
      const found = await facts('inspect', valuesOf(host, 1, v1));
      expect(found).toMatchObject({ prepared: false, distribution: id, liveSlot: 'none' });
    });

    it('is prepared by its packages and the repository that Docker has for it', async () => {
      const values = valuesOf(host, 1, v1);
      for (const phase of ['mount-volume', 'install-docker', 'install-nginx'] as const)
        await facts(phase, values);
      expect(await facts('inspect', values)).toMatchObject({ prepared: true, missing: [] });
      const source = await host.shell('cat /etc/apt/sources.list.d/docker.list');
      expect(source.endsWith(`/linux/${id.split(' ')[0]} ${codename} stable`)).toBe(true);
      expect(
        await host.shell(
          "dpkg-query --show --showformat '${Package} ${Status}\\n' docker-ce nginx jq xfsprogs",
        ),
      ).toBe(
        ['docker-ce', 'jq', 'nginx', 'xfsprogs'].map((name) => `${name} install ok installed`).join('\n'),
      );
    });

    it('serves a release, moves to the next under its Nginx, and goes back', async () => {
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
      expect(await facts('inspect', valuesOf(host, 2, v2))).toMatchObject({
        prepared: true,
        liveSlot: 'blue',
      });
    });

    /** With a database configured, by one host. */
    const withDatabase = (fence: number, image: Image): Values => ({
      ...valuesOf(host, fence, image),
      ...valuesOfEnvironment({}, { sslMode: 'require', sqliteOnManyHosts: false }),
      hostCount: '1',
      sqliteOnManyHosts: 'false',
    });

    it('asks Postgres by its own client, over SSL, and installs no server', async () => {
      host.parameters.DATABASE_URL = host.database.url;
      expect(await facts('resolve-database', withDatabase(3, v1))).toMatchObject({ mode: 'postgres_only' });
      expect(await host.shell('psql --version')).toMatch(new RegExp(`^psql \\(PostgreSQL\\) ${psql}\\.`));
      const wrong = new URL(host.database.url);
      wrong.password = 'wrong';
      host.parameters.DATABASE_URL = wrong.href;
      const { receipt } = await host.run('resolve-database', withDatabase(4, v1));
      expect(receipt).toMatchObject({
        failure: 'database-refused',
        cause: expect.stringContaining('password'),
      });
      expect(await host.shell('command -v postgres pg_ctlcluster || echo none')).toBe('none');
    });

    async function start(fence: number, image: Image): Promise<unknown> {
      const given = withDatabase(fence, image);
      const { mode, reason } = await facts('resolve-database', given);
      const values = { ...given, databaseMode: String(mode), databaseReason: String(reason) };
      await facts('resolve-env', values);
      await facts('pull-release', values);
      return (await facts('start-candidate', values)).sqliteBackup;
    }

    it('backs a SQLite file up by its own sqlite3 while it is written to', async () => {
      for (const parameter of Object.keys(host.parameters)) delete host.parameters[parameter];
      host.parameters.USE_SQLITE = 'true';
      expect(await start(5, v2)).toBe('');
      const writer = await SqliteWriter.create(host);
      await writer.createFile('wal', 1);
      await writer.start();
      expect(await host.shell('command -v sqlite3 || echo none')).toBe('none');
      expect(await start(6, v1)).not.toBe('');
      await writer.stop();
      const check = 'PRAGMA integrity_check; SELECT count(*) > 0 AND count(*) = max(id) FROM events';
      expect(await host.shell(`sqlite3 ${backupFolder}/web-6.db '${check}'`)).toBe('ok\n1');
    });
  });
}
