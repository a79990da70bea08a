import type { AppConfig, EdgePaasConfig } from './config.ts';
import { asParameter, declarationsLimit, declarationsOf } from './environment.ts';
import { githubSubjects, subjectsLength, subjectsLimit } from './github-subject.ts';

type Report = (path: readonly PropertyKey[], message: string) => void;

/** What no single value can tell: names that must be known, and what may be taken once only. */
export function checkConfig(config: EdgePaasConfig, report: Report): void {
  checkHostGroups(config, report);
  checkStarterHosts(config, report);
  checkUnique(config, report);
  checkSlotPorts(config, report);
  checkServerNames(config, report);
  checkEnvironments(config, report);
  checkGithub(config, report);
}

function checkHostGroups(config: EdgePaasConfig, report: Report): void {
  const known = Object.keys(config.hosts);
  config.apps.forEach((app, index) => {
    if (known.includes(app.hosts)) return;
    report(
      ['apps', index, 'hosts'],
      `names no host group: use one of ${known.join(', ') || '(none is defined)'}`,
    );
  });
}

/** Graviton families have a "g" after their number: t4g, c7gn, x2gd. Source: EC2 instance type naming conventions. */
const graviton = /^(a1|[a-z]+[0-9]+[a-z]*g[a-z]*)\./;

/** Volumes of Xen instances have no NVMe device, by whose name a host finds its own. Source: EC2 user guide, Nitro System. */
const xen = /^(t[12]|m[1-4]|c[1-4]|cc2|r[34]|i[23]|d2|h1|g[23]|p[23]|x1e?|f1)\./;

function checkStarterHosts({ hosts }: EdgePaasConfig, report: Report): void {
  for (const [name, { starterHost, architecture }] of Object.entries(hosts)) {
    if (starterHost && xen.test(starterHost.instanceType))
      report(
        ['hosts', name, 'starterHost', 'instanceType'],
        'is no Nitro type: choose one, such as "t3.micro"',
      );
    if (!starterHost || graviton.test(starterHost.instanceType) === (architecture === 'arm64')) continue;
    const other = architecture === 'arm64' ? 'a Graviton type such as "t4g.micro"' : '"t3.micro"';
    const message = `does not have architecture ${architecture}: choose ${other}, or the other architecture`;
    report(['hosts', name, 'starterHost', 'instanceType'], message);
  }
}

function checkUnique(config: EdgePaasConfig, report: Report): void {
  const values = (pick: (app: AppConfig) => string) => config.apps.map(pick);
  for (const [field, taken] of [
    ['name', values((app) => app.name)],
    ['repository', values((app) => app.repository.name)],
  ] as const) {
    taken.forEach((value, index) => {
      if (taken.indexOf(value) !== index)
        report(['apps', index, field], `is taken by apps/${taken.indexOf(value)}: every app needs its own`);
    });
  }
}

/** Apps on the same hosts need ports of their own; 80 and 443 are Nginx's. */
function checkSlotPorts(config: EdgePaasConfig, report: Report): void {
  const taken = new Map<string, string>();
  config.apps.forEach((app, index) => {
    for (const slot of ['blue', 'green'] as const) {
      const slotPort = app.slotPorts[slot];
      const path = ['apps', index, 'slotPorts', slot];
      if (slotPort === 80 || slotPort === 443)
        report(path, 'is a port that Nginx itself needs: choose another');
      const owner = taken.get(`${app.hosts}:${slotPort}`);
      if (owner) report(path, `is taken by ${owner} on the same hosts: choose a free port, such as 8082`);
      taken.set(`${app.hosts}:${slotPort}`, path.join('/'));
    }
  });
}

/** Nginx ignores a second server of the same name, and with it the app. */
function checkServerNames(config: EdgePaasConfig, report: Report): void {
  const taken = new Map<string, string>();
  config.apps.forEach((app, index) =>
    app.serverNames.forEach((name, position) => {
      const path = ['apps', index, 'serverNames', position];
      const owner = taken.get(`${app.hosts}:${name}`);
      if (owner) report(path, `is taken by ${owner} on the same hosts: give each app its own names`);
      taken.set(`${app.hosts}:${name}`, path.join('/'));
    }),
  );
}

/** What is declared must be able to be true: a default that its own type refuses would fail every deployment. */
function checkEnvironments(config: EdgePaasConfig, report: Report): void {
  config.apps.forEach((app, index) => {
    const { types, variables } = declarationsOf(app);
    for (const [name, { type: declared, default: value }] of Object.entries(app.environment)) {
      const path = ['apps', index, 'environment', name];
      const { type } = variables[name]!;
      const known = types[type]!;
      if (app.database && name === 'DATABASE_URL')
        report(path, 'comes with "database": remove the declaration, and store the value as a SecureString');
      else if (variables[name]!.type !== declared && !['string', 'integer'].includes(declared))
        report(
          [...path, 'type'],
          `is ${type} for EdgePaaS itself: leave it out, only the default may be another`,
        );
      else if (value !== undefined && known.sealed)
        report([...path, 'default'], 'would stand in the template: a secret has no default, store its value');
      else if (value !== undefined && !new RegExp(known.pattern).test(value))
        report([...path, 'default'], `is not of its type ${type}: it must be ${known.is}`);
    }
    checkCommands(app, index, report);
    const length = asParameter({ types, variables }).length;
    if (length > declarationsLimit)
      report(
        ['apps', index, 'environment'],
        `takes ${length} characters and a command has room for ${declarationsLimit}: declare fewer, or shorten defaults`,
      );
  });
}

/** Characters that the three commands of the migrations may have in all, for the same reason. */
const commandsLimit = 8_000;

function checkCommands({ database }: AppConfig, index: number, report: Report): void {
  const { command, currentCommand, headCommand } = database?.migrations ?? {};
  const length = asParameter([command, currentCommand, headCommand]).length;
  if (length > commandsLimit)
    report(
      ['apps', index, 'database', 'migrations', 'command'],
      `and the other two take ${length} characters, of ${commandsLimit}: put what they do into a script of the image`,
    );
}

/** All branches of an app stand in one trust policy. */
function checkGithub({ apps }: EdgePaasConfig, report: Report): void {
  apps.forEach((app, index) => {
    const length = subjectsLength(githubSubjects(app));
    if (length > subjectsLimit)
      report(
        ['apps', index, 'github'],
        `takes ${length} characters of the role's trust policy, which has room for ${subjectsLimit}: name fewer branches`,
      );
  });
}
