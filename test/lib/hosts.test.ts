import { describe, expect, test } from 'vitest';
import { configWith, everything, synthesize } from './synthesize.ts';
import { render, resourceNamed, resourcesOf, type Statement } from './template-parts.ts';

const statementsIn = (template: ReturnType<typeof synthesize>, prefix = 'Hosts') =>
  (
    resourceNamed(template, 'AWS::IAM::ManagedPolicy', prefix).Properties.PolicyDocument as {
      Statement: Statement[];
    }
  ).Statement;

describe('the policy of a group’s hosts', () => {
  const statements = statementsIn(synthesize());
  const resourcesFor = (action: string) =>
    statements
      .filter(({ Action }) => [Action].flat().includes(action))
      .flatMap(({ Resource }) => [Resource].flat().map(render));

  test('lets the agent work, an image be pulled and parameters be read by path, and nothing else', () => {
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      'ec2messages:AcknowledgeMessage',
      'ec2messages:DeleteMessage',
      'ec2messages:FailMessage',
      'ec2messages:GetEndpoint',
      'ec2messages:GetMessages',
      'ec2messages:SendReply',
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
      'ssm:GetParametersByPath',
      'ssm:ListInstanceAssociations',
      'ssm:UpdateInstanceInformation',
      'ssmmessages:CreateControlChannel',
      'ssmmessages:OpenControlChannel',
    ]);
  });

  test('opens the repositories of its apps only', () => {
    expect(resourcesFor('ecr:BatchGetImage')).toEqual([
      expect.stringMatching(/^<AppwebRepository\w+\.Arn>$/),
    ]);
  });

  test('opens the paths of its apps only', () => {
    const parameter = 'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter';
    expect(resourcesFor('ssm:GetParametersByPath')).toEqual([
      `${parameter}/edgepaas/web`,
      `${parameter}/edgepaas/web/*`,
    ]);
  });

  test('says nothing of apps on other hosts', () => {
    const template = synthesize(everything);
    expect(JSON.stringify(statementsIn(template, 'Hostsamazon'))).not.toContain('web');
    expect(JSON.stringify(statementsIn(template, 'Hostsubuntu'))).not.toContain('api');
  });

  test('stays within IAM’s 6,144 characters, by a second policy where there are more than ten apps', () => {
    const long = (index: number) => `${'a'.repeat(30)}${String.fromCharCode(97 + index)}`;
    const apps = Array.from({ length: 24 }, (_, index) => ({
      ...configWith().apps[0]!,
      name: long(index),
      repository: { name: `${'r'.repeat(250)}/${index}`, source: 'import' as const },
      slotPorts: { blue: 9000 + 2 * index, green: 9001 + 2 * index },
      serverNames: [`app${index}.example.com`],
    }));
    const template = synthesize({ ...configWith(), apps });
    const policies = Object.entries(resourcesOf(template, 'AWS::IAM::ManagedPolicy'))
      .filter(([id]) => id.startsWith('Hosts'))
      .map(([, policy]) => policy);
    expect(policies).toHaveLength(3);
    for (const { Properties } of policies) {
      const text = JSON.stringify(Properties.PolicyDocument).replace(/\{"Ref":"AWS::\w+"\}/g, '123456789012');
      expect(text.replace(/\{"Fn::Join":\["",\[|\]\]\}|","/g, '').length).toBeLessThan(6144);
    }
  });
});

describe('a group without a starter host', () => {
  test('makes nothing in EC2', () => {
    const types = Object.values(resourcesOf(synthesize())).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::EC2::'))).toEqual([]);
  });
});

describe('a starter host', () => {
  const template = synthesize(configWith({}, { starterHost: { rootVolumeGb: 10, dockerVolumeGb: 30 } }));
  const only = (type: string) => resourceNamed(template, type, 'StarterHost');
  const launched = only('AWS::EC2::LaunchTemplate').Properties.LaunchTemplateData as Record<string, unknown>;

  test('takes its metadata by IMDSv2 alone, and no container can reach it', () => {
    expect(launched.MetadataOptions).toEqual({
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  test('has an encrypted gp3 root, and an encrypted gp3 volume for Docker that outlives it', () => {
    expect(launched.BlockDeviceMappings).toEqual([
      {
        DeviceName: '/dev/sda1',
        Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 10, DeleteOnTermination: true },
      },
    ]);
    const volume = only('AWS::EC2::Volume');
    expect(volume.Properties).toMatchObject({ Encrypted: true, VolumeType: 'gp3', Size: 30 });
    expect(volume).toMatchObject({ DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' });
  });

  test('goes before the volume that the plan attached to it, which could not be deleted otherwise', () => {
    const [volume] = Object.keys(resourcesOf(template, 'AWS::EC2::Volume'));
    expect(only('AWS::EC2::Instance')).toMatchObject({ DependsOn: expect.arrayContaining([volume]) });
  });

  test('is found by its group’s tags, and so is its volume, in the same zone', () => {
    expect(only('AWS::EC2::Instance').Properties.Tags).toContainEqual({ Key: 'fleet', Value: 'blue' });
    expect(only('AWS::EC2::Volume').Properties.Tags).toEqual([{ Key: 'docker', Value: 'yes' }]);
    expect(render(only('AWS::EC2::Volume').Properties.AvailabilityZone)).toMatch(
      /Subnet\w+\.AvailabilityZone>$/,
    );
  });

  test('lets in HTTP and HTTPS and nothing else', () => {
    const rules = only('AWS::EC2::SecurityGroup').Properties.SecurityGroupIngress as Record<
      string,
      unknown
    >[];
    expect(rules.map(({ IpProtocol, FromPort, ToPort }) => [IpProtocol, FromPort, ToPort])).toEqual([
      ['tcp', 80, 80],
      ['tcp', 443, 443],
    ]);
    expect(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')).toEqual({});
  });

  test('has its group’s policy, and no other', () => {
    const { ManagedPolicyArns, Policies } = only('AWS::IAM::Role').Properties;
    expect(ManagedPolicyArns).toEqual([{ Ref: expect.stringMatching(/^HostsfleetPolicy/) }]);
    expect(Policies).toBeUndefined();
  });

  test('waits for its way out: its first boot needs the network', () => {
    expect(only('AWS::EC2::Instance').DependsOn).toContainEqual(expect.stringMatching(/RouteOut/));
  });

  const canonical = '/aws/service/canonical/ubuntu/server/24.04/stable/current';
  const amazon = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default';
  test.each([
    ['ubuntu-24.04', 'x86_64', 't3.micro', `${canonical}/amd64/hvm/ebs-gp3/ami-id`, '/dev/sda1'],
    ['ubuntu-24.04', 'arm64', 't4g.micro', `${canonical}/arm64/hvm/ebs-gp3/ami-id`, '/dev/sda1'],
    ['al2023', 'x86_64', 't3.micro', `${amazon}-x86_64`, '/dev/xvda'],
    ['al2023', 'arm64', 't4g.micro', `${amazon}-arm64`, '/dev/xvda'],
  ] as const)(
    'of %s on %s is the newest image at its first launch',
    (distribution, architecture, type, image, root) => {
      const made = synthesize(
        configWith({}, { architecture, starterHost: { distribution, instanceType: type } }),
      );
      const data = resourceNamed(made, 'AWS::EC2::LaunchTemplate', 'StarterHost').Properties
        .LaunchTemplateData;
      expect(data).toMatchObject({
        ImageId: `resolve:ssm:${image}`,
        InstanceType: type,
        BlockDeviceMappings: [{ DeviceName: root }],
      });
    },
  );

  test('keeps the tag Name when that is what its group is found by', () => {
    const { Tags } = resourceNamed(
      synthesize(everything),
      'AWS::EC2::Instance',
      'StarterHostamazon',
    ).Properties;
    expect(Tags).toEqual([{ Key: 'Name', Value: 'amazon' }]);
  });
});
