/** What a request to the registry asks of IAM; no action for `/v2/`, which only tries the password. */
export interface RegistryAccess {
  readonly action: string;
  readonly repository: string;
}

/**
 * Source: Amazon ECR user guide, "Required IAM permissions for pushing an image", and the OCI distribution API. That an upload's
 * state is told to whoever may add to it, and that a HEAD of a blob is BatchCheckLayerAvailability, is guessed.
 */
const actions: readonly (readonly [methods: string, path: RegExp, action: string])[] = [
  ['GET HEAD', /^manifests\//, 'ecr:BatchGetImage'],
  ['PUT', /^manifests\//, 'ecr:PutImage'],
  ['DELETE', /^manifests\//, 'ecr:BatchDeleteImage'],
  ['POST', /^blobs\/uploads\/?$/, 'ecr:InitiateLayerUpload'],
  ['PATCH GET', /^blobs\/uploads\/./, 'ecr:UploadLayerPart'],
  ['PUT', /^blobs\/uploads\/./, 'ecr:CompleteLayerUpload'],
  ['HEAD', /^blobs\/sha256:/, 'ecr:BatchCheckLayerAvailability'],
  ['GET', /^blobs\/sha256:/, 'ecr:GetDownloadUrlForLayer'],
  ['GET', /^tags\/list$/, 'ecr:ListImages'],
];

/** Undefined for `/v2/` itself, and `none` for what ECR does not have. */
export function accessOf(method: string, url: string): RegistryAccess | 'none' | undefined {
  const { pathname } = new URL(url, 'http://registry');
  if (/^\/v2\/?$/.test(pathname)) return undefined;
  const [, repository, path = ''] = /^\/v2\/(.+?)\/((?:manifests|blobs|tags)\/.*)$/.exec(pathname) ?? [];
  const action = actions.find(
    ([methods, pattern]) => methods.split(' ').includes(method) && pattern.test(path),
  );
  return repository && action ? { repository, action: action[2] } : 'none';
}

/** Without what ECR does not do: it mounts no layer of another repository, and the client uploads instead. */
export function withoutMount(url: string): string {
  const asked = new URL(url, 'http://registry');
  for (const name of ['mount', 'from']) asked.searchParams.delete(name);
  return asked.pathname + asked.search;
}
