import { CfnDeletionPolicy, CfnOutput, Tags } from 'aws-cdk-lib';
import { CfnInstance, CfnLaunchTemplate, CfnVolume } from 'aws-cdk-lib/aws-ec2';
import { CfnInstanceProfile, type IManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Architecture } from '../contracts/architecture.ts';
import type { HostGroupConfig, StarterHostConfig } from '../contracts/config.ts';
import { acknowledge } from './acknowledge.ts';
import { StarterNetwork } from './starter-network.ts';

export interface StarterHostProps {
  readonly group: HostGroupConfig;
  readonly starterHost: StarterHostConfig;
  readonly policies: readonly IManagedPolicy[];
}

interface Image {
  readonly parameter: (architecture: Architecture) => string;
  readonly rootDevice: string;
}

/** Public parameters that name the newest image, and what each image calls its root. */
const images: Record<StarterHostConfig['distribution'], Image> = {
  // Source: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images
  'ubuntu-24.04': {
    parameter: (architecture) =>
      `/aws/service/canonical/ubuntu/server/24.04/stable/current/${{ x86_64: 'amd64', arm64: 'arm64' }[architecture]}/hvm/ebs-gp3/ami-id`,
    rootDevice: '/dev/sda1',
  },
  // Source: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
  al2023: {
    parameter: (architecture) =>
      `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
    rootDevice: '/dev/xvda',
  },
};

/** A bare instance and the volume for its Docker, both tagged as the group says. EdgePaaS does the rest, as on any host. */
export class StarterHost extends Construct {
  constructor(scope: Construct, id: string, { group, starterHost, policies }: StarterHostProps) {
    super(scope, id);
    const network = new StarterNetwork(this, 'Network');
    const template = this.launchTemplate(group, starterHost, network, policies);
    const instance = new CfnInstance(this, 'Instance', {
      launchTemplate: { launchTemplateId: template.ref, version: template.attrLatestVersionNumber },
    });
    instance.addResourceDependency(network.routeOut);
    // The plan attaches the volume behind CloudFormation's back, and an attached one cannot be deleted: the instance goes first.
    instance.addResourceDependency(this.dockerVolume(group, starterHost, network));
    Tags.of(instance).add('Name', this.node.path);
    Tags.of(instance).add(group.tag.key, group.tag.value);
    acknowledge(instance, 'Metrics by the minute cost more than a first try is worth', 'AwsSolutions-EC28');
    acknowledge(instance, 'Nothing is lost with it: its volume is kept apart', 'AwsSolutions-EC29');
    new CfnOutput(this, 'Address', {
      value: instance.attrPublicDnsName,
      description: 'Where the starter host serves',
    });
  }

  private launchTemplate(
    { architecture }: HostGroupConfig,
    host: StarterHostConfig,
    network: StarterNetwork,
    policies: readonly IManagedPolicy[],
  ): CfnLaunchTemplate {
    const image = images[host.distribution];
    return new CfnLaunchTemplate(this, 'Template', {
      launchTemplateData: {
        // EC2 looks the image up when it launches. A parameter of the stack would do so at each deploy of the stack, and replace the
        // host whenever there is a newer image.
        imageId: `resolve:ssm:${image.parameter(architecture)}`,
        instanceType: host.instanceType,
        iamInstanceProfile: { arn: this.instanceProfile(policies).attrArn },
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled' },
        networkInterfaces: [
          {
            deviceIndex: 0,
            associatePublicIpAddress: true,
            subnetId: network.subnet.ref,
            groups: [network.securityGroup.attrGroupId],
          },
        ],
        blockDeviceMappings: [
          {
            deviceName: image.rootDevice,
            ebs: {
              encrypted: true,
              volumeType: 'gp3',
              volumeSize: host.rootVolumeGb,
              deleteOnTermination: true,
            },
          },
        ],
      },
    });
  }

  private instanceProfile(policies: readonly IManagedPolicy[]): CfnInstanceProfile {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [...policies],
    });
    return new CfnInstanceProfile(this, 'Profile', { roles: [role.roleName] });
  }

  /** In the subnet's zone, so that a host which replaces this one can take it over. The plan attaches it. */
  private dockerVolume(
    { volume }: HostGroupConfig,
    host: StarterHostConfig,
    network: StarterNetwork,
  ): CfnVolume {
    const docker = new CfnVolume(this, 'DockerVolume', {
      availabilityZone: network.subnet.attrAvailabilityZone,
      encrypted: true,
      volumeType: 'gp3',
      size: host.dockerVolumeGb,
    });
    Tags.of(docker).add(volume.tag.key, volume.tag.value);
    docker.cfnOptions.deletionPolicy = CfnDeletionPolicy.SNAPSHOT;
    docker.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.SNAPSHOT;
    return docker;
  }
}
