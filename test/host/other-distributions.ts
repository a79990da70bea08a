import type { OtherDistribution } from '../../rehearsal/cache/other-image.ts';

/** The distributions beside Debian 12 on which the phases run for real, each with its own file system and packages. */
export const otherDistributions: readonly {
  readonly name: OtherDistribution;
  /** As inspect says it. */
  readonly id: string;
  readonly codename: string;
  /** The major release of its Postgres client. */
  readonly psql: number;
  /** The one with the oldest programs runs with all other tests; the rest is asked for. */
  readonly always: boolean;
}[] = [
  { name: 'Ubuntu 22.04', id: 'ubuntu 22.04', codename: 'jammy', psql: 14, always: true },
  { name: 'Ubuntu 24.04', id: 'ubuntu 24.04', codename: 'noble', psql: 16, always: false },
  { name: 'Debian 13', id: 'debian 13', codename: 'trixie', psql: 17, always: false },
];
