import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appKey } from '../../../lambdas/lib/ledger.ts';
import { missingForRealHost } from '../../../rehearsal/host/can-host.ts';
import { ensurePreparedImage } from '../../../rehearsal/phases/prepared-host.ts';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { realStage } from '../../../rehearsal/scenario/notes.ts';
import { scenarios } from '../../../rehearsal/scenario/index.ts';
import { tellScenario, type Told } from '../../../rehearsal/scenario/tell.ts';
import { createRealStage } from '../../../rehearsal/stage/real-stage.ts';
import { collectTraces, filesWithSecret } from '../../../rehearsal/traces/collect.ts';
import { sampleProcesses } from '../../../rehearsal/traces/process-samples.ts';
import { findSecret, type Trace } from '../../../rehearsal/traces/search.ts';

const missing = missingForRealHost();
const title = missing.length > 0 ? ` (skipped: a real host needs ${missing.join(', ')})` : '';
const silent = { begins() {}, ended() {}, aborted: () => false };
const { configFile } = scenarios.database;
/** Without the steps that the tests of the host prove, and with less load: other tests want the processor too. */
const scenario = {
  rates: { ...scenarios.database.scenario.rates, keepAliveGetsPerSecond: 15, newConnectionGetsPerSecond: 8 },
  steps: scenarios.database.scenario.steps.filter(({ inTests = true }) => inTests),
};

/** The env files of kept releases, and what Docker and containerd keep of a container: that is the container itself. */
const mayHold = [
  /^\/var\/lib\/edgepaas\/apps\/(web|api)\/env\/(web|api)-[0-9]+\.env$/,
  /^\/mnt\/docker-data\/docker\/containers\/[0-9a-f]{64}\/config\.v2\.json$/,
  /^\/mnt\/docker-data\/containerd\/io\.containerd\.metadata\.v1\.bolt\/meta\.db$/,
  /^\/run\/containerd\/io\.containerd\.runtime\.v2\.task\/moby\/[0-9a-f]{64}\/config\.json$/,
];

describe.skipIf(missing.length > 0)(
  `The database scenario on a real host, with a real PostgreSQL${title}`,
  () => {
    let rehearsal: Rehearsal;
    let told: Told;
    let processes: Trace;
    beforeAll(async () => {
      const image = await ensurePreparedImage();
      rehearsal = await Rehearsal.start({
        configFile,
        makeStage: (tags, app) =>
          createRealStage({
            tags,
            serverNames: app.serverNames,
            database: true,
            image,
            volume: { attached: true },
          }),
      });
      const samples = await sampleProcesses();
      told = await tellScenario(rehearsal, scenario, silent, () => {});
      processes = { place: 'processes', content: (await samples.end()).join('\n') };
    }, 900_000);
    afterAll(() => rehearsal?.close());

    it('goes as it should: modes, migrations, rows and lost requests', () => {
      expect(told.problems).toEqual([]);
    });

    describe.each([
      ['a secret parameter', () => secret('API_KEY')],
      ['the password of the database', () => realStage(rehearsal).database.password],
      [
        'the password of the database, as the URL has it',
        () => encodeURIComponent(realStage(rehearsal).database.password),
      ],
    ])('%s', (_, value) => {
      it('stands in nothing that the run has left outside the host', async () => {
        const report: Trace = { place: 'report', content: JSON.stringify(told) };
        expect(findSecret(value(), [...(await collectTraces(rehearsal)), report, processes])).toEqual([]);
      });

      it('stands on the host in the env files and the containers, and nowhere else', async () => {
        const files = await filesWithSecret(realStage(rehearsal).host, value());
        expect(files.filter((path) => !mayHold.some((known) => known.test(path)))).toEqual([]);
      });
    });

    it('the search knows where the secret does stand', async () => {
      const files = await filesWithSecret(realStage(rehearsal).host, secret('API_KEY'));
      for (const known of mayHold) expect(files.some((path) => known.test(path))).toBe(true);
    });

    it('the search would find it in a log, a state, the ledger, a command, the journal and a forgotten file', async () => {
      const planted = 'canary-planted-0123456789';
      const { host } = realStage(rehearsal);
      const { deployer, logFolder } = rehearsal;
      appendFileSync(join(logFolder, 'aws-calls.jsonl'), `${planted}\n`);
      await deployer.ledger.put(appKey('web', 'planted'), { deep: [{ down: `x${planted}` }] });
      await rehearsal.execute({ app: planted, buildVersion: 'v1' });
      await sendCommand({ app: planted });
      await host.exec(['bash', '-c', 'printf %s "$0" | base64 >/root/forgotten; logger -- "$0"', planted]);
      const found = findSecret(planted, await collectTraces(rehearsal));
      expect(found).toContain('log aws-calls.jsonl');
      expect(found).toContain('ledger app#web planted');
      expect(found.some((place) => place.startsWith('execution '))).toBe(true);
      expect(found.some((place) => place.startsWith('command '))).toBe(true);
      expect(await filesWithSecret(host, planted)).toEqual(
        expect.arrayContaining(['/root/forgotten', 'journal']),
      );
    });

    /** As a person could: another app's name is all that is different from a command that was sent. */
    async function sendCommand(changed: Record<string, string>): Promise<void> {
      const { ssm } = rehearsal.deployer;
      const sent = ssm.commands.find(({ comment }) => comment.endsWith('.inspect.0'))!;
      const Parameters = { ...sent.parameters };
      for (const [name, value] of Object.entries(changed)) Parameters[name] = [value];
      const InstanceIds = [rehearsal.stage.hosts[0].instanceId];
      await ssm.handle(
        'SendCommand',
        { DocumentName: sent.stored.name, InstanceIds, Parameters },
        { principal: 'rehearsal' },
      );
    }

    function secret(name: string): string {
      const { parameters } = rehearsal.deployer.ssm;
      return parameters.getParameter({ Name: `/edgepaas/web/${name}`, WithDecryption: true }).Parameter.Value;
    }
  },
);
