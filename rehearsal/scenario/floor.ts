import { hostRoleArn } from '../stage/stage.ts';
import { variants } from '../images/variants.ts';
import { buildImage } from '../images/build-image.ts';
import { pushImage } from '../images/push-image.ts';
import type { Rehearsal } from '../rehearsal.ts';
import type { RealStage } from '../stage/real-stage.ts';
import { newBytes } from './main-job.ts';

const runs = 3;
/** Of one run, in seconds. */
const timeout = '60';

/** What the fastest person could do on the host by hand: pull, run, poll until ready, touch the flag. */
const bySequence = `
  set -eu
  export DOCKER_CONFIG=/run/edgepaas-floor
  flag=/run/edgepaas-floor/flag
  trap 'docker rm --force floor >/dev/null 2>&1 || true' EXIT
  began=$EPOCHREALTIME
  docker pull --quiet "$IMAGE" >/dev/null
  docker run --detach --name floor --env CONTAINER_PORT --env HEALTH_PATH --publish 127.0.0.1:8999:"$CONTAINER_PORT" "$IMAGE" >/dev/null
  until curl --silent --fail --output /dev/null "http://127.0.0.1:8999$HEALTH_PATH"; do sleep 0.02; done
  touch "$flag"
  ended=$EPOCHREALTIME
  rm "$flag"
  echo $(( (\${ended/./} - \${began/./}) / 1000 ))
`;

/** Milliseconds of the bare sequence pull + run + ready + flip with 1 MB of new layer; the median of three. */
export async function measureFloor(rehearsal: Rehearsal, stage: RealStage, name = 'floor'): Promise<number> {
  await logIn(rehearsal, stage);
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await measureOnce(rehearsal, stage, `${name}-${run}`));
  await stage.hosts[0].exec(['rm', '-r', '/run/edgepaas-floor']);
  return times.sort((one, other) => one - other)[Math.floor(runs / 2)]!;
}

async function measureOnce({ app }: Rehearsal, stage: RealStage, buildVersion: string): Promise<number> {
  const image = await buildImage(variants.healthy(buildVersion, newBytes));
  // By digest, not by tag: an image without a tag is no release.
  await pushImage({ image, registry: stage.registryUrl, repository: app.repository.name, tag: image.digest });
  const name = `${stage.registryName}/${app.repository.name}@${image.digest}`;
  const variables = [`IMAGE=${name}`, `CONTAINER_PORT=${app.containerPort}`, `HEALTH_PATH=${app.healthPath}`];
  return Number(
    await stage.hosts[0].exec(['timeout', timeout, 'env', ...variables, 'bash', '-c', bySequence]),
  );
}

/** The login itself is not part of the floor. */
async function logIn({ deployer }: Rehearsal, stage: RealStage): Promise<void> {
  const answer = (await deployer.ecr.handle('GetAuthorizationToken', {}, { principal: hostRoleArn })) as {
    authorizationData: { authorizationToken: string }[];
  };
  const auths = { [stage.registryName]: { auth: answer.authorizationData[0]!.authorizationToken } };
  const script =
    'umask 077; mkdir -p /run/edgepaas-floor; printf %s "$CONFIG" > /run/edgepaas-floor/config.json';
  await stage.hosts[0].exec(['env', `CONFIG=${JSON.stringify({ auths })}`, 'sh', '-c', script]);
}
