import type { Slot, Survey } from './survey.ts';

/** What must be on a host of the app web, whatever was killed: nothing else is allowed. */
export interface Expected {
  readonly live: Occupant | undefined;
  /** On the other slot. */
  readonly other: (Occupant & { readonly state: 'running' | 'exited' }) | undefined;
  /** Of the deployment that is under way. */
  readonly receipts: readonly string[];
  /** Nothing is there of deployments whose containers are gone. */
  readonly isTidy: boolean;
}

export interface Occupant {
  readonly slot: Slot;
  readonly deploymentId: string;
  readonly buildVersion: string;
}

const ports: Record<Slot, number> = { blue: 8080, green: 8081 };

/** A sentence for everything that is not as it must be. */
export function findProblems(found: Survey, expected: Expected): string[] {
  const { live, other, receipts } = expected;
  const envFiles = Object.entries(found.envFiles);
  const owners = [live, other].flatMap((occupant) => occupant?.deploymentId ?? []);
  return [
    ...differ('traffic', found.liveSlot, live?.slot ?? 'none'),
    ...differ('containers', words(found.containers), words(containersOf(expected))),
    ...differ('port 80', found.page, live ? `200 ${live.buildVersion} 127.0.0.1:${ports[live.slot]}` : '503'),
    ...receipts.filter((name) => !found.receipts.includes(name)).map((name) => `no receipt ${name}`),
    ...envFiles
      .filter(([, access]) => access !== '600 root')
      .map(([name, access]) => `env file of ${name} is ${access}`),
    ...owners.filter((owner) => !found.envFiles[owner]).map((owner) => `no env file of ${owner}`),
    ...(expected.isTidy
      ? differ('env files', Object.keys(found.envFiles).sort().join(), owners.sort().join())
      : []),
    ...found.leftovers,
  ];
}

function containersOf({ live, other }: Expected): Record<string, string> {
  return {
    ...(live && { [live.slot]: `running ${live.deploymentId}` }),
    ...(other && { [other.slot]: `${other.state} ${other.deploymentId}` }),
  };
}

const words = (containers: Readonly<Record<string, string>>) =>
  Object.entries(containers)
    .map(([slot, how]) => `${slot} ${how}`)
    .sort()
    .join(', ');

function differ(what: string, found: string, expected: string): string[] {
  return found.trim() === expected ? [] : [`${what}: ${found || 'none'} instead of ${expected || 'none'}`];
}
