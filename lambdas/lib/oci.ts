import * as z from 'zod/mini';

/** What an image may be in a registry. Source: OCI image spec 1.1 and Docker's manifest schema 2. */
export const manifestMediaTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });
const platform = z.object({ os: z.string(), architecture: z.string() });

/** An image manifest (config and layers) or an index (manifests). */
export const imageManifest = z
  .object({
    config: z.optional(descriptor),
    layers: z.optional(z.array(descriptor)),
    manifests: z.optional(z.array(z.object({ ...descriptor.shape, platform: z.optional(platform) }))),
    /** What it is about, if it is a signature, an attestation or the like. */
    subject: z.optional(z.object({ digest: z.string() })),
  })
  .check(z.refine(({ config, manifests }) => Boolean(config ?? manifests)));
export type ImageManifest = z.infer<typeof imageManifest>;

const command = z.optional(z.nullable(z.array(z.string())));
export const imageConfig = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z.optional(z.nullable(z.object({ Entrypoint: command, Cmd: command }))),
});
export type ImageConfig = z.infer<typeof imageConfig>;
