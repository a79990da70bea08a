import { phaseNames } from '../../../../contracts/phase-name.ts';
import { either, goesOn, inPlaces, isRefused } from '../endings.ts';
import type { Fault } from '../fault.ts';

/**
 * Scripts see the time that a file says, other than that of time which passes. The agent finds this before /bin/sh.
 * See faketime(1).
 */
const shell = `#!/bin/dash
export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) FAKETIME_TIMESTAMP_FILE=/run/faketime FAKETIME_NO_CACHE=1
export FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
exec /bin/sh "$@"`;

const install = `
  ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { apt-get update; apt-get install -y libfaketime; } >/dev/null 2>&1
  echo +0 >/run/faketime
  printf '%s\\n' '${shell}' >/usr/local/sbin/sh
  chmod +x /usr/local/sbin/sh`;

const setBack = `
  echo -3600 >/run/faketime
  [ $(($(date +%s) - $(/usr/local/sbin/sh -c 'date +%s'))) -gt 3500 ] || { echo 'scripts see the time as it is'; exit 1; }`;

export const clockFaults = {
  'clock-back': {
    says: "the host's clock is set back an hour",
    places: phaseNames,
    // AWS takes no request that was signed an hour ago, and the database's certificate is as young as this run.
    promise: inPlaces(
      ['retire', 'revert', 'bake', 'switch-traffic'],
      goesOn,
      either(goesOn, isRefused('parameters-unreadable', 'registry-login-failed', 'database-refused')),
    ),
    async arm({ ground, undo }) {
      undo(() => ground.shell('rm -f /usr/local/sbin/sh /run/faketime'));
      await ground.shell(install);
    },
    strike: ({ ground }) => ground.shell(setBack).then(() => undefined),
  },
} satisfies Record<string, Fault>;
