import * as z from 'zod';
import { architectures } from './architecture.ts';
import { appName } from './build-version.ts';
import { checkConfig } from './config-checks.ts';
import { describeProblem } from './config-problem.ts';
import { reservedPrefix, reservedVariables, variableTypes, type VariableTypeName } from './environment.ts';

const port = z.int().min(1).max(65535);
const seconds = (least: number, most: number) => z.int().min(least).max(most);
const tagKey = z
  .string()
  .regex(/^[A-Za-z0-9_.:/=+@-]{1,128}$/, 'is no EC2 tag key')
  .refine((key) => !key.startsWith('aws:'), 'may not begin with "aws:", which AWS keeps for itself');
const tagValue = z.string().regex(/^[A-Za-z0-9_.:/=+@-]{1,256}$/, 'is no EC2 tag value (or has spaces)');
const tag = z.strictObject({ key: tagKey, value: tagValue });

/** Upper bounds, in seconds, of what a phase of this app may take. */
const timeouts = z.strictObject({
  /** Until the candidate answers its health path with 200. */
  health: seconds(1, 900).default(60),
  /** How long traffic is watched after the switch. */
  bake: seconds(0, 3600).default(30),
  /** How long the old release may finish what it serves; streams reach this. */
  drain: seconds(0, 3600).default(30),
  /** docker stop -t: from SIGTERM to SIGKILL. */
  stop: seconds(1, 3600).default(30),
  /** The migration command. */
  migration: seconds(1, 7200).default(600),
});

const proxy = z.strictObject({
  /** Nginx client_max_body_size. */
  bodySizeLimit: z
    .string()
    .regex(/^[1-9][0-9]{0,5}[kmg]$/, 'must be a size as Nginx writes it: "512k", "10m", "2g"')
    .default('10m'),
  connectTimeoutSeconds: seconds(1, 75).default(5),
  readTimeoutSeconds: seconds(1, 86400).default(60),
  sendTimeoutSeconds: seconds(1, 86400).default(60),
});

const serverName = z
  .string()
  .regex(
    /^(_|(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$/,
    'must be a host name, "*.example.com", or "_" for any',
  );

const tagGlob = z
  .string()
  .regex(/^[A-Za-z0-9_.*-]{1,128}$/, 'must be an image tag; "*" stands for any characters')
  .refine((glob) => !glob.includes('**'), 'has "**", which EventBridge refuses: write one "*"');

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be a variable name: up to 64 letters, digits and _')
  .refine(
    (name) => !reservedVariables.includes(name) && !name.startsWith(reservedPrefix),
    'is set by EdgePaaS itself: choose another name',
  );

const variable = z.strictObject({
  type: z.enum(Object.keys(variableTypes) as [VariableTypeName, ...VariableTypeName[]]).default('string'),
  /** Whether a deployment fails without it. A default satisfies. */
  required: z.boolean().default(true),
  /** For what is no secret: it stands in the template. */
  default: z
    .string()
    .max(1000)
    .regex(/^\P{Cc}*$/u, 'may not have a line break or another control character')
    .optional(),
});

const command = z
  .array(z.string().regex(/^[\x20-\x7e]{1,500}$/, 'must be printable ASCII'))
  .min(1)
  .max(20);

const migrations = z.strictObject({
  /** Run in the new image before traffic moves. */
  command: command.default(['alembic', 'upgrade', 'head']),
  /**
   * Prints the revision the database has, as the first word of each line; nothing for an empty database. An image that is older
   * than the schema is known by Alembic's own words ("Can't locate revision identified by 'x'"); another tool must say the same.
   */
  currentCommand: command.default(['alembic', 'current']),
  /** Prints the revision the image brings. */
  headCommand: command.default(['alembic', 'heads']),
  /** Whether a release runs on a schema newer than its own: without it nothing goes back over a migration. */
  olderReleaseRuns: z.boolean(),
  /** When a migration breaks the live release: switch to the candidate if it is healthy, or stop. */
  whenLiveBreaks: z.enum(['go-forward', 'stop']).default('go-forward'),
  /** Postgres' lock_timeout for the migration: a table that waits for its lock makes everybody else wait. */
  lockTimeoutSeconds: seconds(1, 600).default(5),
});

const database = z.strictObject({
  /** The least sslmode of DATABASE_URL; verify-full needs the parameter DATABASE_CA. */
  sslMode: z.enum(['require', 'verify-full']).default('require'),
  /** Each of several hosts may have a SQLite file of its own: they do not see each other's data. */
  sqliteOnManyHosts: z.boolean().default(false),
  migrations: migrations.optional(),
});

/** An image is deleted when neither rule keeps it, no host runs it or may go back to it, and no kept image refers to it. */
const retention = z.strictObject({
  /** The releases that went live last are kept, however old. */
  releases: z.int().min(2).max(1000).default(10),
  /** What was pushed within these days is kept, whether it went live or not. */
  days: z.int().min(1).max(3650).default(30),
});

/** How a release comes to several hosts. */
const rollout = z.strictObject({
  /** Hosts of the first wave, which take a release and bake it before any other does; 0: no canary wave. */
  canaryHosts: z.int().min(0).max(50).default(1),
  /** The most hosts of a later wave: those that take a release at once. */
  waveHosts: z.int().min(1).max(50).default(50),
  /** The most hosts that may be out of reach when a deployment begins; they take the release when they appear. */
  unavailableHosts: z.int().min(0).max(999).default(0),
  /** Names of CloudWatch alarms of this account and Region: one that goes to ALARM during bake brings the release before back. */
  alarms: z
    .array(
      z.string().regex(/^[\x20-\x7e]{1,255}$/, 'must be the name of a CloudWatch alarm in printable ASCII'),
    )
    .max(20)
    .default([]),
});

/** As GitHub writes them: an owner (`_` in those that a company manages), and a repository. */
const [githubOwner, githubName, githubId] = [
  '[A-Za-z0-9][A-Za-z0-9_-]{0,38}',
  '[A-Za-z0-9._-]{1,100}',
  '[0-9]{1,20}',
];

/**
 * Pushes of these branches' workflows, whose tokens have the subject `repo:<owner>/<name>:ref:refs/heads/<branch>`. What was made,
 * renamed or transferred after 15 July 2026, or has opted in, has `repo:<owner>@<id>/<name>@<id>:...` and needs the ids here too:
 * `gh api repos/<owner>/<name>` knows them as owner.id and id. Source:
 * https://docs.github.com/en/actions/reference/security/oidc, "Immutable subject claims".
 */
const githubSource = z.strictObject({
  repository: z
    .string()
    .regex(
      new RegExp(`^(${githubOwner}/${githubName}|${githubOwner}@${githubId}/${githubName}@${githubId})$`),
      'must be "owner/name" as GitHub writes it, or "owner@id/name@id" where its OIDC subjects have ids',
    ),
  branches: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z0-9._/-]{1,200}$/,
          'must be the name of a branch: letters, digits, ". _ - /", no "*"',
        ),
    )
    .min(1)
    .max(20)
    .default(['main']),
});

export const appConfig = z.strictObject({
  name: appName,
  /** The ECR repository: made by the stack, or one that is there already. */
  repository: z.strictObject({
    name: z
      .string()
      .max(256)
      .regex(
        /^[a-z0-9]+([._/-][a-z0-9]+)*$/,
        'is no ECR repository name (lower case, digits, ". _ - /" between)',
      ),
    source: z.enum(['create', 'import']).default('create'),
    /** Which images are deleted once a day; without it none ever is. */
    retention: retention.optional(),
  }),
  /** Workflows on GitHub that may push this app's image, without a stored key. */
  github: z.array(githubSource).max(10).default([]),
  /** The name of the host group that runs this app. */
  hosts: z.string(),
  containerPort: port.default(80),
  healthPath: z
    .string()
    .regex(/^\/[A-Za-z0-9._~/-]{0,200}$/, 'must be a path such as "/health"')
    .default('/health'),
  proxy: proxy.default(proxy.parse({})),
  serverNames: z.array(serverName).min(1).max(20).default(['_']),
  slotPorts: z.strictObject({ blue: port, green: port }).default({ blue: 8080, green: 8081 }),
  /** Which pushed tags start a deployment; a manual execution may name any tag. */
  deployTags: z.array(tagGlob).min(1).max(5).default(['*']),
  /** The variables that Parameter Store has for the app; what is not declared does not reach it. */
  environment: z.record(variableName, variable).default({}),
  /** The app's database; DATABASE_URL, USE_SQLITE and BOTH_DB decide which. */
  database: database.optional(),
  /** What a container may use: Docker's --memory and --cpus. */
  resources: z
    .strictObject({
      memoryMb: z.int().min(16).max(1048576),
      cpus: z.number().min(0.1).max(512).multipleOf(0.01),
    })
    .default({ memoryMb: 512, cpus: 1 }),
  timeouts: timeouts.default(timeouts.parse({})),
  rollout: rollout.default(rollout.parse({})),
  /** Releases whose images stay on a host: the live one, the one before, and older ones for a way back in seconds. */
  keptReleases: z.int().min(2).max(20).default(2),
});
export type AppConfig = z.infer<typeof appConfig>;

const starterHost = z.strictObject({
  distribution: z.enum(['ubuntu-24.04', 'al2023']).default('ubuntu-24.04'),
  instanceType: z
    .string()
    .regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'must be an EC2 instance type such as "t3.micro"')
    .default('t3.micro'),
  /** GiB of the root volume and of the Docker volume. */
  rootVolumeGb: z.int().min(8).max(16384).default(8),
  dockerVolumeGb: z.int().min(8).max(16384).default(20),
});
export type StarterHostConfig = z.infer<typeof starterHost>;

export const hostGroupConfig = z.strictObject({
  /** Hosts are the instances that carry this tag when a deployment is planned. */
  tag,
  /** What images for these hosts are built for; the starter host has it. */
  architecture: z.enum(architectures).default('x86_64'),
  /** The EBS volume that holds Docker: the one volume with this tag in a host's Availability Zone or on the host. */
  volume: z.strictObject({ tag, filesystem: z.enum(['xfs', 'ext4']).default('xfs') }),
  /** One instance made by the stack, for a first try. */
  starterHost: starterHost.optional(),
});
export type HostGroupConfig = z.infer<typeof hostGroupConfig>;

const shape = z.strictObject({
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, 'must be a CloudFormation stack name')
    .default('EdgePaas'),
  hosts: z.record(
    z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower case letters, digits, hyphens'),
    hostGroupConfig,
  ),
  /** An account has at most one OIDC provider for GitHub: made by the stack if an app has `github`, or there already. */
  githubOidcProvider: z.enum(['create', 'import']).default('create'),
  apps: z.array(appConfig).min(1, 'must name at least one app').max(50),
});

export const edgePaasConfig = shape.superRefine((config, context) =>
  checkConfig(config, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
);
export type EdgePaasConfig = z.infer<typeof shape>;
export type EdgePaasConfigInput = z.input<typeof shape>;

/** Thrown when edgepaas.config.ts is not valid; the message has one line a problem: path, value, what to do. */
export class InvalidConfigError extends Error {
  override name = 'InvalidConfigError';
}

/** Parses a configuration, or throws InvalidConfigError that lists every problem at once. */
export function parseConfig(input: unknown, file = 'edgepaas.config.ts'): EdgePaasConfig {
  const result = edgePaasConfig.safeParse(input);
  if (result.success) return result.data;
  // With defaults where they are known: two apps may collide on ports that neither of them wrote down.
  const config = shape.safeParse(input).data ?? input;
  const lines = result.error.issues
    .flatMap((issue) => describeProblem(issue, config, shape))
    .map((line) => `  ${line}`);
  throw new InvalidConfigError(`${file} is not valid (invalid-config):\n${lines.join('\n')}`);
}

/** Gives edgepaas.config.ts its types; the values are checked when the CDK app reads them. */
export function defineConfig(config: EdgePaasConfigInput): EdgePaasConfigInput {
  return config;
}
