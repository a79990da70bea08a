import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import type { AppSettings } from '../contracts/app-settings.ts';
import { busyWith, isSame, readState, type AppState } from './lib/app-state.ts';
import {
  decideExpiry,
  inDeletionOrder,
  newestRelease,
  type KeepRule,
  type RepositoryImage,
} from './lib/decide-expiry.ts';
import { existingHosts } from './lib/hosts.ts';
import { keptReleases, type KeptDigests } from './lib/kept-releases.ts';
import { Ledger } from './lib/ledger.ts';
import { releaseBefore } from './lib/release-before.ts';
import { deploymentsOf, requestsSince } from './lib/release-history.ts';
import { inBatches, listImages, removeImages } from './lib/repository-images.ts';
import { readApps } from './lib/settings.ts';

export interface Clients {
  readonly ecr: ECRClient;
  readonly ec2: EC2Client;
  readonly ledger: Ledger;
}

/** What was done for one app, for the log. */
export interface Expired {
  readonly app: string;
  /** Nothing was deleted: this is what would be. */
  readonly dryRun?: true;
  /** Why it has to wait for the next time, all of it or the rest. */
  postponed?: string;
  /** How many images stay, by the rule that keeps them. */
  kept: Partial<Record<KeepRule, number>>;
  readonly deleted: { digest: string; tags: readonly string[]; pushedAt: string }[];
  readonly errors: string[];
}

interface Run {
  readonly dryRun: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

type Retained = AppSettings & { repository: { retention: { releases: number; days: number } } };
const isRetained = (app: AppSettings): app is Retained => app.repository.retention !== undefined;

/** Deletes the images that nobody needs any more, app by app; trouble with one keeps no other from it. */
export async function expireImages(apps: AppSettings[], run: Run, clients: Clients): Promise<Expired[]> {
  const results: Expired[] = [];
  for (const app of apps.filter(isRetained)) {
    const expired: Expired = {
      app: app.name,
      ...(run.dryRun && { dryRun: true }),
      kept: {},
      deleted: [],
      errors: [],
    };
    await expireApp(app, run, clients, expired).catch((error: unknown) => expired.errors.push(String(error)));
    results.push(expired);
  }
  return results;
}

async function expireApp(app: Retained, run: Run, clients: Clients, result: Expired): Promise<void> {
  // The images first: what is pushed from now on is not among them, and what the ledger says is newer than they are.
  const images = await listImages(app.repository.name, clients.ecr);
  const state = await readState(app.name, clients.ledger);
  result.postponed = busyWith(state, run.now);
  if (result.postponed) return;
  result.errors.push(...missingRelease(state, images, app));
  const youngerThan = run.now - app.repository.retention.days * 86_400_000;
  const digests = await keptDigests(app, state, youngerThan, images, clients);
  const { kept, expired } = decideExpiry(images, digests, youngerThan);
  result.kept = countByRule(kept);
  for (const list of inDeletionOrder(expired))
    for (const batch of inBatches(list)) {
      if (run.dryRun) result.deleted.push(...batch.map(describe));
      else if (!(await removeUnchanged(app, state, batch, clients, result))) return;
    }
}

/** Everything that the ledger keeps, by the first rule that does. */
async function keptDigests(
  { name, hostTag, repository, keptReleases: releasesOfHost }: Retained,
  state: AppState,
  youngerThan: number,
  images: readonly RepositoryImage[],
  { ec2, ledger }: Clients,
): Promise<KeptDigests> {
  const { releases } = repository.retention;
  const kept: KeptDigests = new Map();
  for (const digest of await currentDigests(name, state, ledger)) kept.set(digest, 'current');
  const hosts = await existingHosts(hostTag, ec2);
  const hostsOf = async (deploymentId: string) => (await ledger.plan(deploymentId))?.waves.flat();
  const keeping = { releases, releasesOfHost, youngerThan, hosts };
  const walked = await keptReleases(deploymentsOf(name, ledger), keeping, hostsOf);
  for (const [digest, rule] of walked) if (!kept.has(digest)) kept.set(digest, rule);
  for await (const { request } of requestsSince(name, youngerThan, ledger))
    if (request.digest && !kept.has(request.digest)) kept.set(request.digest, 'young');
  const newest = state.current.digest ? undefined : newestRelease(images);
  if (newest && !kept.has(newest.digest)) kept.set(newest.digest, 'newest');
  return kept;
}

/** The current release, the one before it, and the one that a rollback by hand means: after going back, that is an older one. */
async function currentDigests(name: string, { current }: AppState, ledger: Ledger): Promise<string[]> {
  const { digest, previous } = current;
  const before = digest ? await releaseBefore(digest, deploymentsOf(name, ledger)) : undefined;
  return [digest, previous?.digest, before?.digest].filter((one) => one !== undefined);
}

/** False when the app has changed since its state was read: what was decided by it holds no longer. */
async function removeUnchanged(
  { name, repository }: Retained,
  state: AppState,
  images: RepositoryImage[],
  { ecr, ledger }: Clients,
  result: Expired,
): Promise<boolean> {
  if (!isSame(state, await readState(name, ledger))) {
    result.postponed = 'a deployment began or ended meanwhile';
    return false;
  }
  const { digests, errors } = await removeImages(images, repository.name, ecr);
  result.deleted.push(...images.filter(({ digest }) => digests.has(digest)).map(describe));
  result.errors.push(...errors);
  return true;
}

/** Nothing mends it but a deployment: a new host could not pull what all others run. */
function missingRelease(
  { current }: AppState,
  images: readonly RepositoryImage[],
  { name, repository }: Retained,
): string[] {
  if (!current.digest || images.some(({ digest }) => digest === current.digest)) return [];
  return [
    `the current release of ${name}, ${current.buildVersion} (${current.digest}, by ${current.deploymentId}), is not in repository ${repository.name}: push it again, or deploy another`,
  ];
}

function countByRule(kept: ReadonlyMap<string, KeepRule>): Expired['kept'] {
  const counts: Expired['kept'] = {};
  for (const rule of kept.values()) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}

const describe = ({ digest, tags, pushedAt }: RepositoryImage) => ({
  digest,
  tags,
  pushedAt: new Date(pushedAt).toISOString(),
});

/** Logs a line for each app, then fails for what could not be done: the alarm watches this function's errors. */
export function report(results: Expired[]): Expired[] {
  for (const result of results) console.log(JSON.stringify(result));
  const errors = results.flatMap(({ app, errors }) => errors.map((error) => `${app}: ${error}`));
  if (errors.length > 0) throw new Error(`Not all is as it should be: ${errors.join('; ')}`);
  return results;
}

/** Anything but false counts as yes: whoever writes `"true"` does not want a deletion. */
const asksOnly = (event: unknown) => ![undefined, false].includes((event as { dryRun?: false }).dryRun);

let clients: Clients | undefined;
let apps: AppSettings[] | undefined;
export const handler = async (event: unknown) => {
  clients ??= {
    ecr: new ECRClient({}),
    ec2: new EC2Client({}),
    ledger: new Ledger(),
  };
  const run = { dryRun: asksOnly(event ?? {}), now: Date.now() };
  return report(await expireImages((apps ??= readApps()), run, clients));
};
