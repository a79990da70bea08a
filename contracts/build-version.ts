import * as z from 'zod/mini';

/** The BUILD_VERSION is the image's tag. Source: the tag grammar of the OCI distribution spec, `[\w][\w.-]{0,127}`. */
export const buildVersionPattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$';
export const buildVersion = z
  .string()
  .check(
    z.regex(new RegExp(buildVersionPattern), 'is no image tag: up to 128 letters, digits, "_", "." and "-"'),
  );

/** A sha256 digest as registries write it. */
export const digestPattern = '^sha256:[a-f0-9]{64}$';
export const digest = z.string().check(z.regex(new RegExp(digestPattern), 'is no sha256 digest'));

export const appNamePattern = '^[a-z][a-z0-9-]{0,30}[a-z0-9]$';
export const appName = z
  .string()
  .check(
    z.regex(
      new RegExp(appNamePattern),
      'must be 2 to 32 lower-case letters, digits, hyphens, a letter first',
    ),
  );

/** A release is a BUILD_VERSION and the digest it meant when it was planned; only the digest is ever deployed. */
export const release = z.object({ buildVersion, digest });
export type Release = z.infer<typeof release>;

/** `<app>-<fence>`: the fence is a number that grows by one with each deployment of the app. */
export const deploymentIdPattern = '^[a-z][a-z0-9-]{0,30}[a-z0-9]-[0-9]{1,9}$';
export const deploymentId = z.string().check(z.regex(new RegExp(deploymentIdPattern), 'is no deployment id'));
