import { spawnSync } from 'node:child_process';
import type { AppConfig } from '../../contracts/config.ts';
import { answerOf, type Parameters } from '../../rehearsal/phases/aws-answers.ts';
import { valuesOfEnvironment } from '../../rehearsal/phases/values.ts';

export interface Verdict {
  /** The failure's id and cause. */
  readonly failure?: string;
  readonly stderr: string;
  readonly variables: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
}

// With a failure of our own: the frame of a phase would take the script's standard output.
const script = `set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C
  source host/lib/json.sh; source host/lib/environment.sh
  phase::fail() { printf 'failure\\0%s: %s\\0' "$1" "$2"; exit 0; }
  PARAMETER_PATH=/edgepaas/web PARAMETERS=$(cat) DECLARATIONS=$1 SSL_MODE=$2
  environment::validate; environment::configured_mode; environment::database_url
  printf '%s\\0' COUNT "$COUNT" VERSIONS "$VERSIONS" UNDECLARED "$UNDECLARED" AUTHORITY "$DATABASE_CA_PEM" \\
    MODE "$DATABASE_MODE_CONFIGURED" URL "$REPLY" variables "\${VARIABLES[@]}"`;

/** What the host's rules say of parameters, without a host. */
export function judge(
  parameters: Parameters,
  environment: AppConfig['environment'] = {},
  database?: AppConfig['database'],
): Verdict {
  const { declarations, sslMode } = valuesOfEnvironment(environment, database);
  const pages = [];
  for (let next = '0'; next;) {
    const page = answerOf('GetParametersByPath', parameters, next);
    pages.push(JSON.stringify(page));
    next = (page as { NextToken?: string }).NextToken ?? '';
  }
  const run = spawnSync('bash', ['-c', script, 'bash', declarations!, sslMode!], { input: pages.join('\n') });
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr}`);
  const said = run.stdout.toString().split('\0').slice(0, -1);
  const stderr = run.stderr.toString();
  if (said[0] === 'failure') return { failure: said[1]!, stderr, variables: [], facts: {} };
  const start = said.indexOf('variables');
  const facts = Object.fromEntries(
    said.slice(0, start).flatMap((name, index) => (index % 2 ? [] : [[name, said[index + 1]!]])),
  );
  return { stderr, variables: said.slice(start + 1), facts };
}
