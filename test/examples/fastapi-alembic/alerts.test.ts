import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { migrate, onPostgres, useServer } from './database.ts';
import { describeInImage, install, run, start, type RunningApp } from './start-app.ts';

const away = onPostgres('postgresql://app:hush@127.0.0.1:1/app');

interface Webhook {
  readonly url: string;
  readonly heard: { event: string; [fact: string]: unknown }[];
  /** Answers that are held back, if it does so. */
  readonly held: ServerResponse[];
}

/** A webhook that answers with a status, or with nothing at all. */
async function startWebhook(status: number | 'never' = 200): Promise<Webhook> {
  const webhook: Webhook = { url: '', heard: [], held: [] };
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    webhook.heard.push(JSON.parse(await text(request)) as Webhook['heard'][0]);
    if (status === 'never') webhook.held.push(response);
    else response.writeHead(status).end();
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => (server.closeAllConnections(), void server.close()));
  return Object.assign(webhook, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret` });
}

const alertsOf = async (app: RunningApp) => {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  const count = (result: string) =>
    Number(new RegExp(`app_alerts_total{result="${result}"} (\\d+)`).exec(metrics)![1]);
  return { delivered: count('delivered'), lost: count('lost') };
};

describeInImage("the FastAPI example's alerts", () => {
  it('tell once that it is not ready, however often it is asked, without a secret', async () => {
    const webhook = await startWebhook();
    const app = await start(await install(), { ...away, ALERT_WEBHOOK_URL: webhook.url });
    for (let look = 0; look < 3; look++) expect((await app.json('/health/ready')).status).toBe(503);
    await expect.poll(() => alertsOf(app)).toEqual({ delivered: 1, lost: 0 });
    expect(webhook.heard).toMatchObject([{ event: 'degraded', buildVersion: 'v1', fault: 'unreachable' }]);
    expect(JSON.stringify(webhook.heard)).not.toContain('hush');
  });

  it.each([
    ['refuses', () => 'http://127.0.0.1:1/'],
    ['answers 500', async () => (await startWebhook(500)).url],
    ['has no address that can be called', () => 'http://not a url/'],
  ])('are counted as lost when the webhook %s, and the app is as before', async (_, makeUrl) => {
    const app = await start(await install(), { ...away, ALERT_WEBHOOK_URL: await makeUrl() });
    expect((await app.json('/health/ready')).status).toBe(503);
    await expect.poll(() => alertsOf(app)).toEqual({ delivered: 0, lost: 1 });
    expect((await app.json('/health')).status).toBe(200);
    app.process.kill('SIGTERM');
    expect(await app.ended).toBe(0);
    expect(app.stderr()).toBe('');
  });

  it('keep nobody waiting when the webhook hangs, neither a request nor the end', async () => {
    const webhook = await startWebhook('never');
    const app = await start(await install(), { ...away, ALERT_WEBHOOK_URL: webhook.url });
    expect((await app.json('/health/ready')).status).toBe(503);
    await expect.poll(() => webhook.held.length).toBe(1);
    expect((await app.json('/health/ready')).status).toBe(503);
    expect((await app.json('/health')).status).toBe(200);
    expect(await alertsOf(app)).toEqual({ delivered: 0, lost: 0 });
    app.process.kill('SIGTERM');
    expect(await app.ended).toBe(0);
    expect(webhook.held[0]!.writableEnded).toBe(false);
  });

  it('wait in a queue that has an end', async () => {
    const { url } = await startWebhook('never');
    const code = [
      'from app.alerts import Alerts',
      `alerts = Alerts("${url}", "v1")`,
      'for number in range(1000): alerts.send("event", number=number)',
      'print(alerts.lost >= 1000 - 21, alerts.lost < 1000)',
    ];
    const sent = await run(await install(), away, ['python3', '-c', code.join('\n')]);
    expect([await sent.ended, sent.stdout()]).toEqual([0, 'True True\n']);
  });

  it.each([200, 'never'] as const)(
    'tell that a start failed, whether the webhook answers %s',
    async (status) => {
      const webhook = await startWebhook(status);
      const failed = await run(await install(), {
        DATABASE_URL: away['DATABASE_URL']!,
        MAX_RETRIES: '1',
        ALERT_WEBHOOK_URL: webhook.url,
      });
      expect(await failed.ended).toBe(1);
      expect(webhook.heard).toMatchObject([{ event: 'start-failed', kind: 'DatabaseUnreachable' }]);
    },
  );

  it('tell that SQLite cannot be used', async () => {
    const webhook = await startWebhook();
    const failed = await run(await install(), {
      FINAL_DB_MODE: 'sqlite_only',
      DATABASE_URL_SQLITE: 'sqlite:////proc/app.db',
      ALERT_WEBHOOK_URL: webhook.url,
    });
    expect(await failed.ended).toBe(1);
    expect(failed.stderr()).toContain("The database could not be prepared: {'kind': 'OperationalError'");
    expect(webhook.heard).toMatchObject([{ event: 'start-failed', kind: 'OperationalError' }]);
  });
});

describeInImage("the FastAPI example's alerts and Postgres", () => {
  const database = useServer();

  it('tell when it is ready again', async () => {
    const [webhook, installed, url] = [await startWebhook(), await install(), await database.makeUrl()];
    const app = await start(installed, { ...onPostgres(url), ALERT_WEBHOOK_URL: webhook.url });
    await app.json('/health/ready');
    await migrate(installed, url);
    await app.json('/health/ready');
    await expect.poll(() => webhook.heard.map(({ event }) => event)).toEqual(['degraded', 'ready-again']);
    expect(webhook.heard[0]).toMatchObject({ fault: 'behind' });
  });
});
