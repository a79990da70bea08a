import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { AppSettings } from '../../contracts/app-settings.ts';
import type { Finding } from '../../contracts/finding.ts';
import { isSame, readState, type AppState } from './app-state.ts';
import { hostsToHeal, startCatchUp, withAttempts } from './catch-up.ts';
import { readFindings, recordFindings, withSince, type Change, type KnownFinding } from './findings.ts';
import { findContradiction } from './history-drift.ts';
import { readHold } from './hold.ts';
import { checkOf, dueHosts, type HostCheck } from './host-check.ts';
import { findDrift } from './host-drift.ts';
import type { HostGroup } from './host-group.ts';
import { appKey, type CurrentRelease, type Ledger } from './ledger.ts';
import { readLooks, sendLooks, type Looked } from './look-at-hosts.ts';
import { deploymentsOf, isUnequal, type HistoryEntry } from './release-history.ts';

export interface Clients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly sfn: SFNClient;
  readonly ledger: Ledger;
}

export interface CheckedApp {
  /** How many there are now. */
  readonly findings: number;
  readonly changes: readonly Change[];
}

/** One app, with all that its check goes by. */
interface Subject {
  readonly app: AppSettings;
  readonly state: AppState;
  readonly last: HistoryEntry | undefined;
  readonly group: HostGroup;
  readonly known: readonly KnownFinding[];
  readonly now: number;
}
type Answers = Looked['answers'];

/**
 * Judges what the hosts answered since the last check, heals what can be healed, and asks those that are due. Nothing is decided
 * while a deployment is at work, nor if one was in the meantime.
 */
export async function checkApp(
  app: AppSettings,
  groupOf: (tag: AppSettings['hostTag']) => Promise<HostGroup>,
  clients: Clients,
  now: number,
): Promise<CheckedApp> {
  const { ledger, ssm } = clients;
  const [state, known] = await Promise.all([readState(app.name, ledger), readFindings(app.name, ledger)]);
  if (!state.lease || state.lease.open) return { findings: known.length, changes: [] };
  const last = await newestDeployment(app.name, ledger);
  const group = state.current.digest ? await groupOf(app.hostTag) : nobody;
  const subject: Subject = { app, state, last, group, known, now };
  const check = checkOf(await ledger.get<HostCheck>(keyOf(app)), state);
  const looked = await readLooks(check.looks, state, now, ssm);
  if (!isSame(state, await readState(app.name, ledger))) return { findings: known.length, changes: [] };
  const findings = await act(subject, check, looked, clients);
  return {
    findings: findings.length,
    changes: await recordFindings(app.name, findings, known, ledger),
  };
}

/** Nobody has to serve a release while none is current. */
const nobody: HostGroup = { hosts: [], online: [] };

const keyOf = ({ name }: AppSettings) => appKey(name, 'check');

async function newestDeployment(app: string, ledger: Ledger): Promise<HistoryEntry | undefined> {
  const { value } = await deploymentsOf(app, ledger).next();
  return value as HistoryEntry | undefined;
}

/** Starts what heals, asks who is due, and writes both down. */
async function act(
  subject: Subject,
  check: HostCheck,
  looked: Looked,
  { ledger, sfn, ssm }: Clients,
): Promise<KnownFinding[]> {
  const { app, group, known, now, state } = subject;
  const found = withSince(findAll(subject, looked.answers), known, now);
  const healing = await whomToHeal(subject, found, looked.answers, check, ledger);
  if (healing.length > 0) await startCatchUp(app.name, healing, check, sfn);
  const next: HostCheck = {
    ...check,
    looks: looked.looks,
    answeredAt: answerTimes(subject, check, looked.answers),
    catchUps: withAttempts(check.catchUps, healing, now),
  };
  // A catch-up takes a new fence, under which nothing holds that is asked now.
  const due = healing.length > 0 ? [] : dueHosts(group.online, next, driftSince(found), now);
  const sent = await sendLooks(due, app, state, now, ssm);
  await ledger.put(keyOf(app), { ...next, looks: [...next.looks, ...sent.looks] });
  return withSince(findAll(subject, new Map([...looked.answers, ...sent.answers])), known, now);
}

/** What is known of a host holds until it answers anew, or is there no more. */
function findAll({ group, known, last, state }: Subject, answers: Answers): Finding[] {
  const current = state.current as CurrentRelease;
  const ofHosts = group.hosts.flatMap((host): Finding[] => {
    if (!group.online.includes(host)) return [offline(host)];
    const answer = answers.get(host);
    if (answer) return findDrift(host, answer, current);
    return known.filter((one) => one.host === host && one.finding !== 'host-offline');
  });
  const contradiction = findContradiction(last, current);
  return contradiction ? [contradiction, ...ofHosts] : ofHosts;
}

const offline = (host: string): Finding => ({
  finding: 'host-offline',
  host,
  says: 'the instance runs, and its SSM agent is not online',
});

/** Who was out of reach is asked as soon as it appears. */
function answerTimes({ group, now }: Subject, { answeredAt }: HostCheck, answers: Answers) {
  const times = group.online.map((host) => [host, answers.has(host) ? now : answeredAt[host]] as const);
  return Object.fromEntries(times.filter((one): one is [string, number] => one[1] !== undefined));
}

const driftSince = (found: readonly KnownFinding[]) =>
  new Map(found.flatMap(({ host, since }) => (host ? [[host, Date.parse(since)] as const] : [])));

/** Nobody, where a person has the word: on hold, after an Inconsistent outcome until a release succeeds, or when the ledger contradicts itself. */
async function whomToHeal(
  { app, known, now }: Subject,
  found: readonly KnownFinding[],
  answers: Answers,
  check: HostCheck,
  ledger: Ledger,
): Promise<string[]> {
  const fresh = found.filter(({ host }) => host && answers.has(host));
  const hosts = hostsToHeal(fresh, known, check, now);
  if (hosts.length === 0 || (await isUnequal(app.name, ledger))) return [];
  if (found.some(({ finding }) => finding === 'history-contradicts')) return [];
  return (await readHold(app.name, ledger)) ? [] : hosts;
}
