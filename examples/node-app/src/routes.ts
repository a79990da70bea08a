import { answerJson, type Exchange, type Handler } from './exchange.ts';
import { answerHome, answerMetrics, answerSlowly, echo, openEventStream, receiveUpload } from './handlers.ts';
import { answerHealth, answerLive, answerSystem } from './health.ts';

const routes: Readonly<Record<string, Handler>> = {
  'GET /': answerHome,
  'GET /health': answerHealth,
  'GET /health/live': answerLive,
  'GET /health/ready': answerHealth,
  'GET /health/system': answerSystem,
  'GET /metrics': answerMetrics,
  'GET /slow': answerSlowly,
  'GET /events': openEventStream,
  'POST /echo': echo,
  'POST /upload': receiveUpload,
};

export async function route(exchange: Exchange): Promise<void> {
  const { app, path, request } = exchange;
  const isHealth = request.method === 'GET' && path === app.settings.healthPath;
  const handler = isHealth ? answerHealth : routes[`${request.method} ${path}`];
  if (handler) return handler(exchange);
  answerJson(exchange, 404, { error: 'not-found' });
}

/** What looks after the app, as opposed to what it is for. */
export const isProbe = (path: string, healthPath: string): boolean =>
  path === healthPath || /^\/(health|metrics)(\/|$)/.test(path);
