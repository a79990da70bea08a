/**
 * Which pushed tags deploy. Tags that begin so are no releases: signatures, attestations and SBOMs of another image. Source: the
 * OCI distribution spec's referrers tag schema, `<algorithm>-<digest>`, which cosign uses with a suffix.
 */
export const referrerPrefix = 'sha256-';

/** Whether a push of this tag starts a deployment, as the app's EventBridge rule decides it. `*` stands for any characters. */
export function isDeployed(tag: string, deployTags: readonly string[]): boolean {
  if (deployTags.includes('*')) return !tag.startsWith(referrerPrefix);
  return deployTags.some((glob) => patternOf(glob).test(tag));
}

const patternOf = (glob: string) => new RegExp(`^${glob.split('*').map(escape).join('.*')}$`);
const escape = (text: string) => text.replaceAll('.', '\\.');
