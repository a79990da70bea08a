import type { AppSettings } from '../../contracts/app-settings.ts';
import type { RehearsalHost } from '../host/host.ts';
import type { RealHost } from '../host/real/real-host.ts';
import { liveSlot, type Slot } from '../host/simulated/host-state.ts';
import type { SimulatedHost } from '../host/simulated/simulated-host.ts';
import { hostHeaderFor } from '../stage/stage.ts';

/** An app on a host, by Docker, by Nginx and by the flags that lead its traffic; nothing of it is taken from EdgePaaS's own answers. */
export interface HostView {
  /** Where the flags lead traffic. */
  readonly flag: Slot | 'none';
  readonly containers: Readonly<Partial<Record<Slot, SlotContainer>>>;
  /** Where port 80's answer to healthPath came from; none: Nginx's own. */
  readonly answeredBy: Slot | 'none';
  /** HTTP status of that answer; 0: there was none. */
  readonly status: number;
  /** X-Build-Version of that answer, or an empty text. */
  readonly version: string;
  /** Whether Nginx would start with its configuration as it stands. */
  readonly nginxWouldStart: boolean;
  /** Ids of containers, of whatever app, that run though Docker does not know it. */
  readonly forgotten: readonly string[];
}

export interface SlotContainer {
  readonly digest: string;
  readonly running: boolean;
}

type App = Pick<AppSettings, 'name' | 'serverNames' | 'healthPath' | 'slotPorts'>;

export const lookAtHost = (host: RehearsalHost, app: App): Promise<HostView> =>
  host.kind === 'real' ? lookAtReal(host as RealHost, app) : lookAtSimulated(host as SimulatedHost, app.name);

const look = `
  traffic=/var/lib/edgepaas/apps/$APP/traffic flag=none
  if [[ -e $traffic/live ]]; then flag=blue; fi
  if [[ $flag == blue && -e $traffic/green ]]; then flag=green; fi
  echo "flag $flag"
  for slot in blue green; do
    docker inspect --format "$slot {{.State.Status}} {{.Config.Image}}" "edgepaas-$APP-$slot" 2>/dev/null || true
  done
  curl --silent --show-error --max-time 10 --output /dev/null --dump-header - -H "Host: $NAME" "http://127.0.0.1$HEALTH_PATH" | tr -d '\\r' || true
  comm -23 <(ctr --namespace moby tasks list --quiet 2>/dev/null | sort) <(docker ps --quiet --no-trunc 2>/dev/null | sort) | sed 's/^/forgotten /'
  if command -v nginx >/dev/null && ! nginx -t -q 2>/dev/null; then echo 'nginx broken'; fi
`;

async function lookAtReal(host: RealHost, app: App): Promise<HostView> {
  const name = hostHeaderFor(app.serverNames) ?? 'edgepaas.invalid';
  const variables = [`APP=${app.name}`, `NAME=${name}`, `HEALTH_PATH=${app.healthPath}`];
  const said = await host.exec(['env', ...variables, 'bash', '-c', look]);
  const find = (pattern: RegExp) => pattern.exec(said)?.[1] ?? '';
  const container = (slot: Slot) => {
    const status = find(new RegExp(`^${slot} (\\S+)`, 'm'));
    const digest = find(new RegExp(`^${slot} \\S+ .*@(\\S+)$`, 'm'));
    return status && { [slot]: { digest, running: status === 'running' } };
  };
  // Of a request that was sent to the other slot too, the last one answered.
  const port = Number(find(/^x-edgepaas-upstream: .*:(\d+)$/im));
  return {
    flag: find(/^flag (\w+)$/m) as HostView['flag'],
    containers: { ...container('blue'), ...container('green') },
    answeredBy: port === app.slotPorts.blue ? 'blue' : port === app.slotPorts.green ? 'green' : 'none',
    status: Number(find(/^HTTP\S+ (\d+)/m)),
    version: find(/^x-build-version: (.+)$/im),
    nginxWouldStart: !/^nginx broken$/m.test(said),
    forgotten: [...said.matchAll(/^forgotten (.+)$/gm)].map(([, id]) => id!),
  };
}

async function lookAtSimulated(host: SimulatedHost, app: string): Promise<HostView> {
  const { nginx, nginxConfigValid, apps } = host.state;
  const state = apps.get(app);
  const served = host.serve(app);
  const container = (slot: Slot) => {
    const on = state?.slots[slot];
    return on && { [slot]: { digest: on.digest, running: on.stoppedAt === undefined } };
  };
  return {
    flag: state ? liveSlot(state) : 'none',
    containers: { ...container('blue'), ...container('green') },
    answeredBy: 'slot' in served ? served.slot : 'none',
    status: nginx === 'ready' ? served.status : 0,
    version: '',
    nginxWouldStart: nginxConfigValid,
    forgotten: [],
  };
}
