import { defineConfig } from './contracts/config.ts';

/**
 * What EdgePaaS deploys, and where. `npm run synth` checks every value; contracts/config.ts has all the options.
 * To deploy another file: `npx cdk deploy -c config=my.config.ts`.
 */
export default defineConfig({
  stackName: 'EdgePaas',

  hosts: {
    fleet: {
      // Hosts are the instances that carry this tag when a deployment is planned.
      tag: { key: 'edgepaas-hosts', value: 'fleet' },
      // What images are built for.
      architecture: 'x86_64',
      // The EBS volume that holds Docker.
      volume: { tag: { key: 'edgepaas-volume', value: 'fleet' }, filesystem: 'xfs' },
      // One bare host to begin with. Remove this when you bring hosts of your own: give them the tag above and attach the
      // policy that the stack puts out for this group.
      starterHost: { distribution: 'ubuntu-24.04', instanceType: 't3.small' },
    },
  },

  apps: [
    {
      name: 'web',
      // Every tag pushed to this repository goes live: its tag is the BUILD_VERSION.
      repository: { name: 'web', retention: { releases: 10, days: 30 } },
      // Workflows that may push without a stored key:
      // github: [{ repository: 'your-organization/web', branches: ['main'] }],
      hosts: 'fleet',
      containerPort: 80,
      healthPath: '/health',
    },
  ],
});
