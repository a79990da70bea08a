import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { EventStreams } from './event-streams.ts';
import type { App } from './exchange.ts';
import { Faults } from './faults.ts';
import { isProbe, route } from './routes.ts';
import type { Settings } from './settings.ts';
import { Sockets } from './sockets.ts';

export interface RunningApp {
  readonly server: Server;
  /** Ends everything in good order; resolves when the last connection is closed. */
  stop(): Promise<void>;
}

export async function startApp(settings: Settings): Promise<RunningApp> {
  const streams = new EventStreams(settings.buildVersion);
  const sockets = new Sockets(settings.buildVersion);
  const faults = new Faults(settings);
  const app: App = { settings, faults, streams, sockets, requests: 0, stopping: false };
  const server = createServer((request, response) => serve(app, request, response));
  server.keepAliveTimeout = 65_000; // longer than a proxy in front keeps idle connections
  sockets.attach(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(settings.port, () => resolve());
  });
  return { server, stop: () => stop(app, server) };
}

function serve(app: App, request: IncomingMessage, response: ServerResponse): void {
  const [path = '/', query] = (request.url ?? '/').split('?', 2);
  app.requests += 1;
  if (!isProbe(path, app.settings.healthPath)) app.faults.noteRequest();
  response.setHeader('X-Build-Version', app.settings.buildVersion);
  // What fails here is a client that went away while it sent its body.
  route({ app, request, response, path, query: new URLSearchParams(query) }).catch(() => response.destroy());
}

function stop(app: App, server: Server): Promise<void> {
  app.stopping = true;
  app.streams.endAll();
  app.sockets.closeAll();
  return new Promise((resolve) => server.close(() => resolve()));
}
