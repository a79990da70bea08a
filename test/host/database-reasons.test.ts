import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { phases } from '../../contracts/phases/index.ts';

const reasonPattern = new RegExp(phases['resolve-env'].parameters.databaseReason!.pattern);
const failed = 'psql: error: connection to server at "db.example" (10.0.0.1), port 5432 failed: ';

const proxied = 'a proxy stands before the database and takes no options';

/** What psql 13 to 17 say, by source and by trial; what becomes of it. */
const said: [complaint: string, state: string, reason: string][] = [
  [`${failed}Connection refused\n\tIs the server running?`, 'unreachable', 'connection refused'],
  ['psql: error: could not connect to server: Connection refused', 'unreachable', 'connection refused'],
  [`${failed}timeout expired`, 'unreachable', 'no answer within 5 s'],
  [`${failed}No route to host`, 'unreachable', 'there is no way to it'],
  [`${failed}Connection timed out`, 'unreachable', 'there is no way to it'],
  [
    'psql: error: could not translate host name "db" to address: Name or service not known',
    'unreachable',
    'the name is not resolved',
  ],
  [`${failed}FATAL:  the database system is starting up`, 'unreachable', 'it is starting up'],
  [`${failed}FATAL:  the database system is shutting down`, 'unreachable', 'it is shutting down'],
  [`${failed}FATAL:  the database system is in recovery mode`, 'unreachable', 'it is recovering'],
  [`${failed}FATAL:  sorry, too many clients already`, 'unreachable', 'too many connections'],
  [
    `${failed}FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute`,
    'unreachable',
    'too many connections',
  ],
  [`${failed}server closed the connection unexpectedly`, 'unreachable', 'the connection was cut'],
  [`${failed}SSL SYSCALL error: EOF detected`, 'unreachable', 'the connection was cut'],
  ['FATAL:  57P01\nSSL connection has been closed unexpectedly', 'unreachable', 'the connection was cut'],
  ['ERROR:  42P01', 'refused', 'the query fails with SQLSTATE 42P01'],
  [`${failed}FATAL:  password authentication failed for user "app"`, 'refused', 'the password is refused'],
  [`${failed}fe_sendauth: no password supplied`, 'refused', 'the password is refused'],
  [`${failed}FATAL:  database "app" does not exist`, 'refused', 'the database does not exist'],
  [`${failed}server does not support SSL, but SSL was required`, 'refused', 'the server has no SSL'],
  [`${failed}SSL error: certificate verify failed`, 'refused', 'the certificate is not trusted'],
  [
    `${failed}server certificate for "a" does not match host name "b"`,
    'refused',
    'the certificate is for another name',
  ],
  [
    `${failed}FATAL:  no pg_hba.conf entry for host "10.0.0.2", user "app", database "app", no encryption`,
    'refused',
    'no rule of the server lets this host and user in',
  ],
  [
    `${failed}FATAL:  permission denied for database "app"`,
    'refused',
    'the user may not connect to the database',
  ],
  [`${failed}FATAL:  unsupported startup parameter: options`, 'refused', proxied],
  [`${failed}FATAL:  unsupported startup parameter in options: lock_timeout`, 'refused', proxied],
  [
    `${failed}FATAL:  Feature not supported: RDS Proxy currently doesn’t support command-line options.`,
    'refused',
    proxied,
  ],
  [`${failed}FATAL:  something new`, 'refused', 'the server refuses the connection'],
  // One host is silent, the other refuses: that counts.
  [
    `${failed}Connection refused\n${failed}FATAL:  password authentication failed for user "app"`,
    'refused',
    'the password is refused',
  ],
];

it.each(said)('%j of psql means that Postgres is %s: %s', (complaint, state, reason) => {
  const script =
    'source host/lib/database.sh; database::explain "$1"; printf "%s\\n" "$DATABASE_STATE" "$REPLY"';
  const answer = execFileSync('bash', ['-euc', script, 'bash', complaint], { encoding: 'utf8' });
  expect(answer.trim().split('\n')).toEqual([state, reason]);
  expect(reason[0]!.toUpperCase() + reason.slice(1)).toMatch(reasonPattern);
});
