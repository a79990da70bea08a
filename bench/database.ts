import { fastApi } from '../rehearsal/images/fastapi-release.ts';
import { Rehearsal } from '../rehearsal/rehearsal.ts';
import { describeDeployment } from '../rehearsal/report/describe-deployment.ts';
import type { DeploymentReport } from '../rehearsal/report/report.ts';
import { realStage, store } from '../rehearsal/scenario/notes.ts';
import { createRealStage } from '../rehearsal/stage/real-stage.ts';
import { median, record } from './record.ts';

/** What a database costs a push that has nothing to migrate, against its commands run by hand on the same host. */
const rounds = 5;

/** Both commands of Alembic side by side in the release's own image and environment, as somebody would by hand. */
const byHand = `
  set -eu
  began=$EPOCHREALTIME
  id=$(docker ps --quiet --filter label=edgepaas.app=web)
  file=$(ls -t /var/lib/edgepaas/apps/web/env/*.env | head -n 1)
  image=$(docker inspect --format '{{.Config.Image}}' "$id")
  for command in current heads; do
    docker run --rm --env-file "$file" --volume "\${file%.env}.ca.pem:/etc/edgepaas/database-ca.pem:ro" "$image" alembic $command >/dev/null 2>&1 &
  done
  wait
  ended=$EPOCHREALTIME
  echo $(( (\${ended/./} - \${began/./}) / 1000 ))
`;

const rehearsal = await Rehearsal.start({
  configFile: 'rehearsal/database.config.ts',
  makeStage: (tags) => createRealStage({ tags, progress: console.error, database: true }),
});
try {
  const { database, host } = realStage(rehearsal);
  store(rehearsal, 'web', 'DATABASE_URL', database.url);
  store(rehearsal, 'web', 'DATABASE_CA', database.authority, 'String');
  store(rehearsal, 'web', 'API_KEY', 'of-no-account');
  const push = async (version: string) =>
    describeDeployment(
      rehearsal,
      version,
      await rehearsal.push(fastApi.release(version, { extraBytes: 1000 })),
    );
  await push('v0');
  const pushes: DeploymentReport[] = [];
  const times: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    pushes.push(await push(`v${round}`));
    times.push(Number(await host.exec(['bash', '-c', byHand])));
  }
  const ms = (phase: string) =>
    median(pushes.map((one) => one.phases.find((walked) => walked.phase === phase)?.ms ?? Infinity));
  const byHandMs = median(times);
  record('database', {
    rounds,
    resolveDatabaseMs: ms('resolve-database'),
    nothingPendingMs: ms('run-migrations'),
    byHandMs,
    ratio: Number((ms('run-migrations') / byHandMs).toFixed(2)),
    pushToLiveMs: median(pushes.map((one) => one.pushToLiveMs ?? Infinity)),
    commandsUntilLive: Math.max(...pushes.map((one) => one.commandsUntilLive ?? Infinity)),
  });
} finally {
  await rehearsal.close();
}
