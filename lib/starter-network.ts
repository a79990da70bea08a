import {
  CfnInternetGateway,
  CfnRoute,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  CfnVPCGatewayAttachment,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** The smallest network in which a host can be reached: one public subnet, and a security group that opens 80 and 443. */
export class StarterNetwork extends Construct {
  readonly subnet: CfnSubnet;
  readonly securityGroup: CfnSecurityGroup;
  /** Without it nothing gets out: the host waits for it. */
  readonly routeOut: CfnRoute;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new CfnVPC(this, 'Vpc', {
      cidrBlock: '10.0.0.0/24',
      enableDnsSupport: true,
      enableDnsHostnames: true,
    });
    acknowledge(vpc, 'One host for a first try: flow logs would cost more than it', 'AwsSolutions-VPC7');
    this.subnet = new CfnSubnet(this, 'Subnet', {
      vpcId: vpc.ref,
      cidrBlock: '10.0.0.0/26',
      mapPublicIpOnLaunch: true,
    });
    this.routeOut = this.connect(vpc);
    this.securityGroup = this.openForWeb(vpc);
  }

  private connect(vpc: CfnVPC): CfnRoute {
    const gateway = new CfnInternetGateway(this, 'Gateway');
    const attachment = new CfnVPCGatewayAttachment(this, 'Attachment', {
      vpcId: vpc.ref,
      internetGatewayId: gateway.ref,
    });
    const table = new CfnRouteTable(this, 'Routes', { vpcId: vpc.ref });
    new CfnSubnetRouteTableAssociation(this, 'Association', {
      routeTableId: table.ref,
      subnetId: this.subnet.ref,
    });
    const route = new CfnRoute(this, 'RouteOut', {
      routeTableId: table.ref,
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: gateway.ref,
    });
    route.addResourceDependency(attachment);
    return route;
  }

  private openForWeb(vpc: CfnVPC): CfnSecurityGroup {
    const group = new CfnSecurityGroup(this, 'Web', {
      groupDescription: 'HTTP and HTTPS in, anything out; no SSH: commands come by the agent',
      vpcId: vpc.ref,
      securityGroupIngress: [80, 443].map((port) => ({
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
        cidrIp: '0.0.0.0/0',
        description: port === 80 ? 'HTTP' : 'HTTPS',
      })),
      securityGroupEgress: [
        { ipProtocol: '-1', cidrIp: '0.0.0.0/0', description: 'Packages, the registry, AWS' },
      ],
    });
    acknowledge(group, 'A web server is for everyone', 'AwsSolutions-EC23');
    return group;
  }
}
