import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { AppSettings } from '../contracts/app-settings.ts';
import { checkApp, type Clients } from './lib/check-app.ts';
import { environment } from './lib/clients.ts';
import type { Change } from './lib/findings.ts';
import { hostGroups } from './lib/host-group.ts';
import { Ledger } from './lib/ledger.ts';
import { readApps } from './lib/settings.ts';

export interface Checked {
  /** How many findings there are, over all apps. */
  readonly findings: number;
  /** Which came and which went. */
  readonly changes: readonly Change[];
  /** What could not be looked at, a sentence an app. */
  readonly errors: readonly string[];
}

/** Compares what the ledger says of each app with what its hosts do; trouble with one app keeps no other from it. */
export async function checkHosts(
  apps: readonly AppSettings[],
  clients: Clients,
  now = Date.now(),
): Promise<Checked> {
  const groupOf = hostGroups(clients);
  const checks = apps.map((app) => checkApp(app, groupOf, clients, now));
  const settled = await Promise.allSettled(checks);
  const done = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return {
    findings: done.reduce((sum, { findings }) => sum + findings, 0),
    changes: done.flatMap(({ changes }) => changes),
    errors: settled.flatMap((one, index) =>
      one.status === 'rejected' ? [`${apps[index]!.name}: ${String(one.reason)}`] : [],
    ),
  };
}

/** CloudWatch makes a metric of this line. Source: CloudWatch user guide, "Embedded metric format specification". */
const metricLine = (findings: number, now: number) => ({
  _aws: {
    Timestamp: now,
    CloudWatchMetrics: [
      { Namespace: 'EdgePaaS', Dimensions: [['Stack']], Metrics: [{ Name: 'Findings', Unit: 'Count' }] },
    ],
  },
  Stack: environment('STACK_NAME'),
  Findings: findings,
});

/** A line for each finding that came or went, and their count; then fails for what could not be looked at: alarms watch both. */
export function report(checked: Checked, now = Date.now()): Checked {
  for (const change of checked.changes) console.log(JSON.stringify(change));
  console.log(JSON.stringify(metricLine(checked.findings, now)));
  if (checked.errors.length > 0) throw new Error(`Could not check all hosts: ${checked.errors.join('; ')}`);
  return checked;
}

let clients: Clients | undefined;
let apps: AppSettings[] | undefined;
export const handler = async () => {
  clients ??= {
    ec2: new EC2Client({}),
    ssm: new SSMClient({}),
    sfn: new SFNClient({}),
    ledger: new Ledger(),
  };
  return report(await checkHosts((apps ??= readApps()), clients));
};
