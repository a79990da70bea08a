import { ec2Id, physicalName } from './physical-name.ts';

/** What a resource is called once it is there. */
export interface ResourceIdentity {
  /** What Ref gives. */
  readonly ref: string;
  /** Empty for a type whose ARN the rehearsal does not know. */
  readonly arn: string;
  /** What Fn::GetAtt gives, by attribute. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Place {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
}

type Properties = Readonly<Record<string, unknown>>;
type Identify = (place: Place, logicalId: string, properties: Properties) => ResourceIdentity;

/** `service:region:account:` and on: how most ARNs begin. */
const arn = ({ account, region }: Place, service: string, rest: string) =>
  `arn:aws:${service}:${region}:${account}:${rest}`;

/** A type named by one property, or by CloudFormation, whose ARN is its only interesting attribute. */
const named =
  (
    property: string,
    toArn: (place: Place, name: string) => string,
    attributes: Attributes = {},
    limit = 64,
  ): Identify =>
  (place, logicalId, properties) => {
    const name = text(properties[property]) ?? physicalName(place.stackName, logicalId, limit);
    const own = toArn(place, name);
    return { ref: name, arn: own, attributes: { Arn: own, ...expand(attributes, place, name) } };
  };

/** As `named`, for the types whose Ref is the ARN. */
const refIsArn =
  (identify: Identify, nameAttribute = 'Name'): Identify =>
  (place, logicalId, properties) => {
    const identity = identify(place, logicalId, properties);
    return {
      ...identity,
      ref: identity.arn,
      attributes: { ...identity.attributes, [nameAttribute]: identity.ref },
    };
  };

type Attributes = Readonly<Record<string, (place: Place, name: string) => string>>;
const expand = (attributes: Attributes, place: Place, name: string) =>
  Object.fromEntries(Object.entries(attributes).map(([key, make]) => [key, make(place, name)]));

/** An EC2 thing: its Ref is an id. */
const ec2 =
  (prefix: string, kind: string, idAttribute?: string): Identify =>
  (place, logicalId) => {
    const id = ec2Id(prefix, place.stackName, logicalId);
    return {
      ref: id,
      arn: arn(place, 'ec2', `${kind}/${id}`),
      attributes: idAttribute ? { [idAttribute]: id } : {},
    };
  };

const identities: Readonly<Record<string, Identify>> = {
  'AWS::IAM::Role': named('RoleName', (place, name) => `arn:aws:iam::${place.account}:role/${name}`, {
    RoleId: () => 'AROAREHEARSAL',
  }),
  'AWS::IAM::ManagedPolicy': refIsArn(
    named('ManagedPolicyName', (place, name) => `arn:aws:iam::${place.account}:policy/${name}`),
  ),
  'AWS::IAM::OIDCProvider': (place, _logicalId, properties) => {
    const issuer = (text(properties.Url) ?? '').replace(/^https:\/\//, '');
    const own = `arn:aws:iam::${place.account}:oidc-provider/${issuer}`;
    return { ref: own, arn: own, attributes: { Arn: own } };
  },
  'AWS::IAM::InstanceProfile': named(
    'InstanceProfileName',
    (place, name) => `arn:aws:iam::${place.account}:instance-profile/${name}`,
  ),
  'AWS::Lambda::Function': named('FunctionName', (place, name) => arn(place, 'lambda', `function:${name}`)),
  'AWS::StepFunctions::StateMachine': refIsArn(
    named('StateMachineName', (place, name) => arn(place, 'states', `stateMachine:${name}`), {}, 80),
  ),
  'AWS::Events::Rule': named('Name', (place, name) => arn(place, 'events', `rule/${name}`)),
  'AWS::DynamoDB::Table': named(
    'TableName',
    (place, name) => arn(place, 'dynamodb', `table/${name}`),
    {},
    255,
  ),
  'AWS::DynamoDB::GlobalTable': named(
    'TableName',
    (place, name) => arn(place, 'dynamodb', `table/${name}`),
    {},
    255,
  ),
  'AWS::SSM::Document': named('Name', (place, name) => arn(place, 'ssm', `document/${name}`), {}, 128),
  'AWS::SSM::Parameter': named('Name', (place, name) =>
    arn(place, 'ssm', `parameter/${name.replace(/^\//, '')}`),
  ),
  'AWS::Logs::LogGroup': named(
    'LogGroupName',
    (place, name) => arn(place, 'logs', `log-group:${name}:*`),
    {},
    512,
  ),
  'AWS::SQS::Queue': (place, logicalId, properties) => {
    const name = text(properties.QueueName) ?? physicalName(place.stackName, logicalId, 80);
    const own = arn(place, 'sqs', name);
    const url = `https://sqs.${place.region}.amazonaws.com/${place.account}/${name}`;
    return { ref: url, arn: own, attributes: { Arn: own, QueueName: name, QueueUrl: url } };
  },
  'AWS::SNS::Topic': (place, logicalId, properties) => {
    const name = text(properties.TopicName) ?? physicalName(place.stackName, logicalId, 256);
    const own = arn(place, 'sns', name);
    return { ref: own, arn: own, attributes: { TopicArn: own, TopicName: name } };
  },
  'AWS::ECR::Repository': (place, logicalId, properties) => {
    const name =
      text(properties.RepositoryName) ?? physicalName(place.stackName, logicalId, 256).toLowerCase();
    const own = arn(place, 'ecr', `repository/${name}`);
    const uri = `${place.account}.dkr.ecr.${place.region}.amazonaws.com/${name}`;
    return { ref: name, arn: own, attributes: { Arn: own, RepositoryUri: uri } };
  },
  'AWS::CloudWatch::Alarm': named(
    'AlarmName',
    (place, name) => arn(place, 'cloudwatch', `alarm:${name}`),
    {},
    255,
  ),
  'AWS::KMS::Key': (place, logicalId) => {
    const id = ec2Id('key', place.stackName, logicalId);
    return {
      ref: id,
      arn: arn(place, 'kms', `key/${id}`),
      attributes: { Arn: arn(place, 'kms', `key/${id}`), KeyId: id },
    };
  },
  'AWS::EC2::VPC': (place, logicalId, properties) => {
    const identity = ec2('vpc', 'vpc', 'VpcId')(place, logicalId, properties);
    return {
      ...identity,
      attributes: { ...identity.attributes, CidrBlock: text(properties.CidrBlock) ?? '' },
    };
  },
  'AWS::EC2::Subnet': (place, logicalId, properties) => {
    const identity = ec2('subnet', 'subnet', 'SubnetId')(place, logicalId, properties);
    const zone = text(properties.AvailabilityZone) ?? `${place.region}a`;
    return { ...identity, attributes: { ...identity.attributes, AvailabilityZone: zone } };
  },
  'AWS::EC2::SecurityGroup': ec2('sg', 'security-group', 'GroupId'),
  'AWS::EC2::InternetGateway': ec2('igw', 'internet-gateway', 'InternetGatewayId'),
  'AWS::EC2::RouteTable': ec2('rtb', 'route-table', 'RouteTableId'),
  'AWS::EC2::Volume': ec2('vol', 'volume', 'VolumeId'),
  'AWS::EC2::LaunchTemplate': (place, logicalId, properties) => {
    const identity = ec2('lt', 'launch-template', 'LaunchTemplateId')(place, logicalId, properties);
    return {
      ...identity,
      attributes: { ...identity.attributes, LatestVersionNumber: '1', DefaultVersionNumber: '1' },
    };
  },
  'AWS::EC2::Instance': (place, logicalId, properties) => {
    const identity = ec2('i', 'instance', 'InstanceId')(place, logicalId, properties);
    const zone = text(properties.AvailabilityZone) ?? `${place.region}a`;
    return { ...identity, attributes: { ...identity.attributes, AvailabilityZone: zone } };
  },
};

/** Names a resource, or answers undefined for a type that the rehearsal does not know. */
export function identifyResource(
  type: string,
  place: Place,
  logicalId: string,
  properties: Properties,
): ResourceIdentity | undefined {
  return identities[type]?.(place, logicalId, properties);
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
