import * as z from 'zod/mini';

/** As EC2 names it (DescribeInstances, Architecture). */
export const architectures = ['x86_64', 'arm64'] as const;
export const architecture = z.enum(architectures);
export type Architecture = z.infer<typeof architecture>;

/** As an OCI image names it (GOARCH). */
export const imageArchitectures: Record<Architecture, string> = { x86_64: 'amd64', arm64: 'arm64' };
