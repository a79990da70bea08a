import type { OtherDistribution } from '../../rehearsal/cache/other-image.ts';

/** The distributions beside Debian 12 on which the phases run for real, each with its own file system and packages. */
export const otherDistributions: readonly {
  readonly name: OtherDistribution;
  /** As inspect says it. */
  readonly id: string;
  readonly codename: string;
  /** The major release of its Postgres client. */
  readonly psql: number;
}[] = [
  { name: 'Ubuntu 22.04', id: 'ubuntu 22.04', codename: 'jammy', psql: 14 },
  { name: 'Ubuntu 24.04', id: 'ubuntu 24.04', codename: 'noble', psql: 16 },
  { name: 'Debian 13', id: 'debian 13', codename: 'trixie', psql: 17 },
];
