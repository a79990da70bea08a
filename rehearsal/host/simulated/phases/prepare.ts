import { liveSlot, otherSlot } from '../host-state.ts';
import { isRunning } from '../image-behaviour.ts';
import { fail, type Facts, type PhaseModel, type PhaseRun } from '../run.ts';
import { serve } from '../serve.ts';

const mebibyte = 2 ** 20;
const known = /^(debian|ubuntu|centos|rhel|rocky|almalinux|amzn) /;

/** The site as the parameters describe it: two sites are the same when these are. */
const siteOf = (run: PhaseRun) =>
  ['bluePort', 'greenPort', 'serverNames', 'bodySizeLimit', 'connectTimeout', 'readTimeout', 'sendTimeout']
    .map((name) => run.parameter(name))
    .join(' ');

export const inspect: PhaseModel = {
  lock: 'none',
  stillHolds: () => false,
  async *perform(run) {
    const { host } = run;
    if (!known.test(host.distribution))
      fail('unsupported-distribution', `${host.distribution} is not supported`);
    await run.sleep(30);
    const missing = missingFrom(run);
    if (missing.length > 0) refusePort80(run);
    const needed = (missing.length > 0 ? 500 : 32) * mebibyte;
    if (host.rootFreeBytes < needed)
      fail('disk-full', `The root disk has ${Math.floor(host.rootFreeBytes / mebibyte)} MiB free`);
    yield;
    return {
      prepared: missing.length === 0,
      missing,
      distribution: host.distribution,
      architecture: host.architecture,
      ...slotsOf(run),
      ...servingOf(run),
      nginxConfigValid: host.nginxConfigValid,
      freeBytes: host.mounted ? host.volumeFreeBytes : host.rootFreeBytes,
    };
  },
};

function slotsOf({ state, behaviours, clock, host }: PhaseRun): Facts {
  const slot = liveSlot(state);
  const container = slot === 'none' ? undefined : state.slots[slot];
  const idle = slot === 'none' ? (['blue', 'green'] as const) : [otherSlot(slot)];
  const runs = (at: typeof container) => host.docker === 'ready' && isRunning(at, behaviours, clock.now());
  return {
    liveSlot: slot,
    liveDigest: container?.digest ?? '',
    liveDeployment: container?.deploymentId ?? '',
    liveRunning: runs(container),
    idleRunning: idle.some((name) => runs(state.slots[name])),
  };
}

function servingOf({ state, behaviours, clock, host }: PhaseRun): Facts {
  if (host.nginx === 'missing' || state.site === undefined) return { serving: 'unknown', servingStatus: 0 };
  const served = serve(state, behaviours, clock.now());
  if ('slot' in served) return { serving: served.slot, servingStatus: served.status };
  return { serving: served.status === 503 ? 'none' : 'unknown', servingStatus: served.status };
}

function missingFrom(run: PhaseRun): string[] {
  const { host, state } = run;
  return [
    ...(host.mounted ? [] : ['the volume is not mounted']),
    ...(host.docker === 'ready' ? [] : ['Docker does not answer']),
    ...(host.nginx === 'ready' && state.site === siteOf(run)
      ? []
      : ['Nginx does not have the site as configured']),
  ];
}

function refusePort80({ host }: PhaseRun): void {
  if (host.port80 !== undefined) fail('port-80-taken', `Port 80 is held by \`${host.port80}\``);
}

export const mountVolume: PhaseModel = {
  lock: 'host',
  stillHolds: ({ host }) => host.mounted,
  async *perform(run) {
    const { host } = run;
    const here = run
      .parameter('volumeIds')
      .split(',')
      .filter((id) => host.volumes.has(id));
    const [volumeId] = here;
    if (volumeId === undefined || here.length > 1)
      fail('volume-not-attached', `${here.length} of the volumes are attached to this host: expected one`);
    if (typeof host.filesystem === 'object')
      fail('foreign-filesystem', `${volumeId} holds ${host.filesystem.foreign}: nothing was changed`);
    const formatted = host.filesystem === 'blank';
    await run.sleep(150);
    if (formatted) host.filesystem = 'ours';
    yield;
    await run.sleep(50);
    host.mounted = true;
    return { volumeId, uuid: '00000000-0000-4000-8000-000000000000', formatted, moved: false };
  },
};

export const installDocker: PhaseModel = {
  lock: 'host',
  stillHolds: ({ host }) => host.docker === 'ready',
  async *perform(run) {
    const { host } = run;
    if (host.rootFreeBytes < 500 * mebibyte) fail('disk-full', 'The root disk has no room for Docker');
    await run.sleep(500);
    yield;
    await run.sleep(500);
    if (host.docker === 'broken') fail('docker-not-ready', 'docker info does not answer');
    host.docker = 'ready';
    return { package: 'docker-ce', version: 'simulated', why: 'Docker CE is built for this distribution' };
  },
};

export const installNginx: PhaseModel = {
  lock: 'host',
  stillHolds: (run) => run.host.nginx === 'ready' && run.state.site === siteOf(run),
  async *perform(run) {
    const { host, state } = run;
    refusePort80(run);
    await run.sleep(200);
    host.nginx = 'ready';
    yield;
    await run.sleep(50);
    const siteChanged = state.site !== siteOf(run);
    state.site = siteOf(run);
    return { version: 'simulated', siteChanged };
  },
};

/** The model reads no parameters: the host's state says what they would ask for. */
export const resolveDatabase: PhaseModel = {
  lock: 'app',
  stillHolds: () => true,
  async *perform(run) {
    const { configuredMode: configured, postgres } = run.host;
    await run.sleep(50);
    const inReach = configured !== 'sqlite_only' && postgres === 'up';
    if (configured === 'postgres_only' && !inReach)
      fail('database-unreachable', 'Postgres is out of reach after 6 attempts: connection refused');
    const mode = inReach ? configured : 'sqlite_only';
    if (
      mode === 'sqlite_only' &&
      run.number('hostCount') > 1 &&
      run.parameter('sqliteOnManyHosts') !== 'true'
    )
      fail('sqlite-on-many-hosts', 'Each host would have a SQLite file of its own');
    yield;
    const why = configured === 'sqlite_only' ? 'configured' : 'Postgres is out of reach after 6 attempts';
    return {
      configured,
      mode,
      reason: inReach ? 'Postgres answers' : why,
      note: '',
      attempts: inReach ? 1 : 6,
    };
  },
};

export const resolveEnv: PhaseModel = {
  lock: 'app',
  stillHolds: ({ state, deploymentId }) => state.environments.has(deploymentId),
  async *perform(run) {
    await run.sleep(50);
    const databaseMode = run.parameter('databaseMode');
    run.state.environments.set(run.deploymentId, databaseMode);
    yield;
    return { databaseMode, parameters: 0, fingerprint: '0'.repeat(64), undeclared: [] };
  },
};

export const pullRelease: PhaseModel = {
  lock: 'app',
  stillHolds: (run) => run.host.images.has(run.parameter('digest')),
  async *perform(run) {
    const { host } = run;
    const digest = run.parameter('digest');
    const freeBytes = host.volumeFreeBytes;
    if (host.images.has(digest)) return { pulled: false, freeBytes };
    const needed = run.number('compressedBytes') * 3 + 256 * mebibyte;
    if (freeBytes < needed) fail('disk-full', `The image needs ${needed} bytes and ${freeBytes} are free`);
    yield;
    await run.sleep(150);
    host.images.add(digest);
    return { pulled: true, freeBytes };
  },
};
