/**
 * What whoever pushes an app's image must know, in one String parameter of Parameter Store: lines of `name=value`, read by
 * actions/push-image/push-image.sh. Nothing in it is secret, and nothing in it is a host.
 */
export interface PushSettings {
  /** Without tag or digest. */
  readonly repositoryUri: string;
  /** As Docker names it: `linux/amd64` or `linux/arm64`. */
  readonly platform: string;
  /** Globs, separated by blanks. */
  readonly deployTags: string;
  /** Name of the DynamoDB table: where the outcome is read. */
  readonly ledgerTable: string;
}

/** `/edgepaas/` itself belongs to the apps' own environments. */
export const pushSettingsName = (stackName: string, app: string) => `/edgepaas-push/${stackName}/${app}`;

export const pushSettingsText = (settings: PushSettings) =>
  (['repositoryUri', 'platform', 'deployTags', 'ledgerTable'] as const)
    .map((name) => `${name}=${settings[name]}`)
    .join('\n');
