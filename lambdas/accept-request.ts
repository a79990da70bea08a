import type * as z from 'zod/mini';
import type { AppSettings } from '../contracts/app-settings.ts';
import { Failure, oneLine } from '../contracts/failure.ts';
import {
  catchUpRequest,
  closingRequest,
  ecrPushEvent,
  holdRequest,
  liftRequest,
  manualRequest,
  rollbackRequest,
  type DeploymentRequest,
  type EcrPushEvent,
} from '../contracts/request.ts';
import { readApps } from './lib/settings.ts';

export interface AcceptInput {
  /** Whatever the execution was started with: nothing about it is trusted. */
  readonly input: unknown;
  readonly executionArn: string;
  /** ISO 8601, from the context object. */
  readonly startedAt: string;
}

/** Makes a request of an ECR push event, an {app} with buildVersion, rollback, hold or catchUp, or {closes}; refuses anything else. */
export function acceptRequest(
  { input, executionArn, startedAt }: AcceptInput,
  apps: AppSettings[],
): DeploymentRequest {
  const about = { executionArn, startedAt };
  if (isObject(input) && 'closes' in input) return acceptClosing(parse(closingRequest, input), about);
  if (isObject(input) && 'detail' in input) return acceptPush(parse(ecrPushEvent, input), apps, about);
  if (isObject(input) && 'rollback' in input) {
    const { app, rollback } = parse(rollbackRequest, input, '{"app": "...", "rollback": true}');
    return { ...byHand(app, apps, about), buildVersion: 'the release before', rollback };
  }
  if (isObject(input) && 'hold' in input) {
    const { app, hold } =
      input.hold === false ? parse(liftRequest, input, holdForm) : parse(holdRequest, input, holdForm);
    return { ...byHand(app, apps, about), buildVersion: 'none', hold };
  }
  if (isObject(input) && 'catchUp' in input) {
    const { app, catchUp } = parse(catchUpRequest, input, '{"app": "...", "catchUp": ["i-..."]}');
    const hosts = [...new Set(catchUp)];
    return {
      ...byHand(app, apps, about),
      trigger: 'catch-up',
      buildVersion: 'the current release',
      catchUp: hosts,
    };
  }
  const { app, buildVersion } = parse(manualRequest, input);
  return { ...byHand(app, apps, about), buildVersion };
}

/** What every request of a person has: it counts as the newest when it starts. */
function byHand(app: string, apps: AppSettings[], { executionArn, startedAt }: About) {
  return {
    app: knownApp(apps, (known) => known.name === app, app).name,
    trigger: 'manual' as const,
    eventId: executionArn,
    order: orderOf(startedAt, startedAt),
    executionArn,
    requestedAt: Date.parse(startedAt),
  };
}

type About = Pick<AcceptInput, 'executionArn' | 'startedAt'>;

function acceptPush(
  event: EcrPushEvent,
  apps: AppSettings[],
  { executionArn, startedAt }: About,
): DeploymentRequest {
  const repository = event.detail['repository-name'];
  return {
    app: knownApp(apps, (known) => known.repository.name === repository, `repository ${repository}`).name,
    trigger: 'push',
    buildVersion: event.detail['image-tag'],
    digest: event.detail['image-digest'],
    eventId: event.id,
    order: orderOf(earlierOf(event.time, startedAt), startedAt),
    executionArn,
    requestedAt: Date.parse(event.time),
  };
}

function acceptClosing(
  { closes }: { closes: string },
  { executionArn, startedAt }: About,
): DeploymentRequest {
  return {
    app: closes.replace(/-[0-9]+$/, ''),
    trigger: 'closing',
    buildVersion: 'closing',
    eventId: executionArn,
    order: orderOf(startedAt, startedAt),
    executionArn,
    requestedAt: Date.parse(startedAt),
    closes,
  };
}

/** Events carry whole seconds; two in one second are told apart by when their executions started. */
const orderOf = (time: string, startedAt: string) =>
  `${new Date(time).toISOString()} ${new Date(startedAt).toISOString()}`;

/** A push cannot happen after what it started: a time in the future would make all that follows it older. */
const earlierOf = (one: string, other: string) => (Date.parse(one) < Date.parse(other) ? one : other);

function knownApp(apps: AppSettings[], matches: (app: AppSettings) => boolean, asked: string): AppSettings {
  const app = apps.find(matches);
  if (app) return app;
  const names = apps.map(({ name }) => name).join(', ');
  throw new Failure(
    'unknown-app',
    `app ${quote(asked)} is not configured: add it to edgepaas.config.ts and deploy, or use one of ${names}`,
  );
}

const deploy = '{"app": "...", "buildVersion": "..."}';
const holdForm = '{"app": "...", "hold": {"by": "...", "reason": "..."}}, or false to lift it';

/** `form` is how such a request is written. */
function parse<T>(schema: z.ZodMiniType<T>, input: unknown, form = deploy): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 5).map((issue) => describe(issue, input));
  // However long the problems are, the line still ends with what to do.
  const cause = oneLine(problems.join('; '), 330);
  throw new Failure('invalid-request', `${cause}. Use ${form}`);
}

function describe(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === 'unrecognized_keys') return `unknown field ${quote(issue.keys.join(', '))}`;
  const value = issue.path.reduce<unknown>(
    (at, key) => (isObject(at) ? at[key as string] : undefined),
    input,
  );
  const field = issue.path.join('/') || 'the input';
  return value === undefined ? `${field} is missing` : `${field} = ${quote(value)} ${problemOf(issue)}`;
}

/** What the contract says of it, or our words where zod has only its own. */
const problemOf = ({ message }: z.core.$ZodIssue) =>
  !message || message.startsWith('Invalid input') ? 'has the wrong form' : message;

/** At most 60 characters of a value, on one line, in quotes: what came in may be hostile and long. */
const quote = (value: unknown) => oneLine(JSON.stringify(value) ?? 'undefined', 60);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

let apps: AppSettings[] | undefined;
export const handler = async (event: AcceptInput) => ({
  request: acceptRequest(event, (apps ??= readApps())),
});
