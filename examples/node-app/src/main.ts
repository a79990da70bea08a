import type { AddressInfo } from 'node:net';
import { readSettings } from './settings.ts';
import { startApp, type RunningApp } from './start-app.ts';

function say(event: string, facts: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ event, ...facts }));
}

async function stopAndExit(app: RunningApp, signal: string): Promise<void> {
  say('stopping', { signal });
  await app.stop();
  say('stopped');
  process.exit(0);
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const app = await startApp(settings);
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stopAndExit(app, signal));
  const { port } = app.server.address() as AddressInfo;
  say('listening', { port, buildVersion: settings.buildVersion });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
