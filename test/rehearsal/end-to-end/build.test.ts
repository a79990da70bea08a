import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForRealHost } from '../../../rehearsal/host/can-host.ts';
import { ensurePreparedImage } from '../../../rehearsal/phases/prepared-host.ts';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { builderOf, endsOf } from '../../../rehearsal/scenario/build/push-by-script.ts';
import { scenarioOf } from '../../../rehearsal/scenario/index.ts';
import { tellScenario, type Told } from '../../../rehearsal/scenario/tell.ts';
import { createRealStage, type RealStage } from '../../../rehearsal/stage/real-stage.ts';
import { followVersion } from './follow-version.ts';

const missing = missingForRealHost();
const title = missing.length > 0 ? ` (skipped: a real host needs ${missing.join(', ')})` : '';
const silent = { begins() {}, ended() {}, aborted: () => false };
const { configFile, checkouts, scenario } = scenarioOf('build');
const steps = scenario.steps.filter(({ inTests = true }) => inTests);

describe.skipIf(missing.length > 0)(`The build scenario with a real Docker engine${title}`, () => {
  let rehearsal: Rehearsal;
  let told: Told;
  beforeAll(async () => {
    const image = await ensurePreparedImage();
    rehearsal = await Rehearsal.start({
      configFile,
      makeStage: (tags, app) =>
        createRealStage({ tags, serverNames: app.serverNames, checkouts, image, volume: { attached: true } }),
    });
    told = await tellScenario(rehearsal, { steps }, silent, () => {});
  }, 900_000);
  afterAll(() => rehearsal?.close());

  it('goes as it should: built, pushed, deployed, and told to whoever waits', () => {
    expect(told.problems).toEqual([]);
  });

  it('has one version from the workflow to the container', async () => {
    const end = endsOf(rehearsal, 'notes').at(-1)!;
    const version = end.values['build-version']!;
    expect(version).toMatch(/^[0-9a-f]{6}$/);
    const found = await followVersion(rehearsal, end);
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((place) => [place, version])));
  });

  it("lets the role of one app's workflow push no other app", async () => {
    const { deployer, stage } = rehearsal;
    const { arn } = deployer.stack.resources.find(
      ({ type, logicalId }) => type === 'AWS::IAM::Role' && logicalId.startsWith('PushAccessRoleweb'),
    )!;
    const keys = deployer.credentials.credentialsFor(arn);
    const name = (stage as RealStage).registryName;
    const newest = endsOf(rehearsal, 'notes').at(-1)!.values['build-version'];
    const { exitCode, stderr } = await builderOf(rehearsal).run(
      'notes',
      `aws ecr get-login-password | docker login --username AWS --password-stdin ${name} &&
       docker tag ${name}/notes:${newest} ${name}/notes:stolen && docker push ${name}/notes:stolen`,
      {
        DOCKER_CONFIG: '/run/another-role',
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_SESSION_TOKEN: keys.sessionToken!,
      },
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^denied: User is not authorized/m);
  });
});
