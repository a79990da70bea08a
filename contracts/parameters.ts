import { buildVersionPattern, digestPattern } from './build-version.ts';
import { asParameter, declarationsOf } from './environment.ts';
import type { PhaseParameter } from './phase.ts';
import type { DeploymentPlan } from './plan.ts';

/** Parameters that several phases share, with where their values come from. */
const port = '^[1-9][0-9]{0,4}$';
const seconds = '^[0-9]{1,5}$';

export const buildVersionParameter: PhaseParameter = {
  description: 'BUILD_VERSION',
  pattern: buildVersionPattern,
};

/** The app's path in Parameter Store, and what may stand there. */
export const environmentParameters = {
  parameterPath: {
    description: "The app's path in Parameter Store",
    pattern: '^/edgepaas/[a-z][a-z0-9-]{0,31}$',
  },
  declarations: {
    description: 'Types and variables of the environment, as JSON',
    pattern: '^\\{"types":\\{"[ -~]*\\}$',
  },
  sslMode: { description: 'The least sslmode of DATABASE_URL', pattern: '^(require|verify-full)$' },
} as const satisfies Record<string, PhaseParameter>;
export const environmentValues = ({ app }: DeploymentPlan) => ({
  parameterPath: parameterPathOf(app.name),
  declarations: asParameter(declarationsOf(app)),
  sslMode: app.database?.sslMode ?? 'require',
});

/** Where an app's parameters are in Parameter Store. */
export const parameterPathOf = (app: string) => `/edgepaas/${app}`;

export const slotParameters = {
  bluePort: { description: 'Port of the blue slot on 127.0.0.1', pattern: port },
  greenPort: { description: 'Port of the green slot on 127.0.0.1', pattern: port },
} as const satisfies Record<string, PhaseParameter>;
export const slotValues = ({ app }: DeploymentPlan) => ({
  bluePort: String(app.slotPorts.blue),
  greenPort: String(app.slotPorts.green),
});

/** What Nginx's server for the app is made of. */
export const siteParameters = {
  ...slotParameters,
  serverNames: {
    description: 'server_name, separated by blanks',
    pattern: '^[a-z0-9_*][a-z0-9.*_-]{0,252}( [a-z0-9_*][a-z0-9.*_-]{0,252})*$',
  },
  bodySizeLimit: { description: 'client_max_body_size', pattern: '^[1-9][0-9]{0,5}[kmg]$' },
  connectTimeout: { description: 'proxy_connect_timeout in seconds', pattern: seconds },
  readTimeout: { description: 'proxy_read_timeout in seconds', pattern: seconds },
  sendTimeout: { description: 'proxy_send_timeout in seconds', pattern: seconds },
} as const satisfies Record<string, PhaseParameter>;
export const siteValues = (plan: DeploymentPlan) => ({
  ...slotValues(plan),
  serverNames: plan.app.serverNames.join(' '),
  bodySizeLimit: plan.app.proxy.bodySizeLimit,
  connectTimeout: String(plan.app.proxy.connectTimeoutSeconds),
  readTimeout: String(plan.app.proxy.readTimeoutSeconds),
  sendTimeout: String(plan.app.proxy.sendTimeoutSeconds),
});

export const imageParameters = {
  repositoryUri: {
    description: 'The image without tag or digest',
    pattern: '^[a-z0-9][a-z0-9.:-]{0,200}(/[a-z0-9]+([._-][a-z0-9]+)*){1,16}$',
  },
  digest: { description: 'Digest of the image', pattern: digestPattern },
} as const satisfies Record<string, PhaseParameter>;
export const imageValues = ({ image }: DeploymentPlan) => ({
  repositoryUri: image.repositoryUri,
  digest: image.digest,
});

export const healthParameters = {
  healthPath: { description: 'Path that answers 200 when healthy', pattern: '^/[A-Za-z0-9._~/-]{0,200}$' },
  healthTimeout: { description: 'Seconds until it must', pattern: seconds },
} as const satisfies Record<string, PhaseParameter>;
export const healthValues = ({ app }: DeploymentPlan) => ({
  healthPath: app.healthPath,
  healthTimeout: String(app.timeouts.health),
});

export const stopParameters = {
  drainTimeout: { description: 'Seconds for connections to end by themselves', pattern: seconds },
  stopTimeout: { description: 'Seconds from SIGTERM to SIGKILL', pattern: seconds },
} as const satisfies Record<string, PhaseParameter>;
export const stopValues = ({ app }: DeploymentPlan) => ({
  drainTimeout: String(app.timeouts.drain),
  stopTimeout: String(app.timeouts.stop),
});

/** The host and the registry keep the same releases. */
export const keptReleasesParameter = {
  keptReleases: { description: 'Releases whose images stay on the host', pattern: '^[1-9][0-9]?$' },
} as const satisfies Record<string, PhaseParameter>;
export const keptReleasesValues = ({ app }: DeploymentPlan) => ({ keptReleases: String(app.keptReleases) });

export const secondsParameter = (description: string): PhaseParameter => ({ description, pattern: seconds });
