import type { AppConfig } from '../../contracts/config.ts';
import { asParameter, declarationsOf } from '../../contracts/environment.ts';
import type { Image } from '../images/image.ts';
import { registryName } from './aws-answers.ts';
import { volumeId, type PhaseHost, type Values } from './phase-host.ts';

/** Every parameter of every phase for one deployment of the app web; a phase takes of them what it needs. */
export function valuesOf(host: PhaseHost, fence: number, image?: Image): Values {
  return {
    app: 'web',
    deploymentId: `web-${fence}`,
    fence: String(fence),
    volumeIds: `vol-0ffffffffffffffff,${volumeId}`,
    filesystem: 'xfs',
    dockerRepositoryUrl: 'http://packages.rehearsal.internal/docker',
    debKeyFingerprint: host.dockerKeyFingerprint,
    rpmKeyFingerprint: '0'.repeat(40),
    bluePort: '8080',
    greenPort: '8081',
    serverNames: '_',
    bodySizeLimit: '10m',
    connectTimeout: '5',
    readTimeout: '60',
    sendTimeout: '60',
    containerPort: '80',
    parameterPath: '/edgepaas/web',
    ...valuesOfEnvironment({ DATABASE_URL: { type: 'secret', required: false } }),
    databaseMode: 'none',
    databaseReason: 'no database is configured',
    repositoryUri: `${registryName}/web`,
    healthPath: '/health',
    healthTimeout: '10',
    memoryMb: '256',
    cpus: '1',
    drainTimeout: '5',
    stopTimeout: '5',
    keptReleases: '2',
    bakeSeconds: '2',
    migrationCommand: '["alembic","upgrade","head"]',
    currentCommand: '["alembic","current"]',
    headCommand: '["alembic","heads"]',
    migrationTimeout: '30',
    lockTimeout: '2',
    whenLiveBreaks: 'go-forward',
    olderReleaseRuns: 'false',
    schema: 'same',
    ...(image && valuesOfImage(image)),
  };
}

/** What resolve-env and resolve-database are told of an app's environment, as the plan tells it. */
export function valuesOfEnvironment(
  environment: AppConfig['environment'] = {},
  database?: AppConfig['database'],
): Values {
  return {
    declarations: asParameter(declarationsOf({ environment, database })),
    sslMode: database?.sslMode ?? 'require',
  };
}

function valuesOfImage(image: Image): Values {
  const size = image.blobs.reduce((sum, blob) => sum + blob.size, 0);
  return {
    buildVersion: image.spec.buildVersion,
    digest: image.digest,
    compressedBytes: String(size),
  };
}
