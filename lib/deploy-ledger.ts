import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

/** The index that holds only what is open: leases of running deployments and callbacks that wait. */
export const openIndex = 'open-index';

/** One table that remembers: leases, current releases, history, open callbacks. */
export class DeployLedger extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'ttl',
      // But not when its own creation is rolled back.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: openIndex,
      partitionKey: { name: 'open', type: AttributeType.STRING },
      sortKey: { name: 'since', type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    });
  }

  get indexArn(): string {
    return `${this.table.tableArn}/index/${openIndex}`;
  }
}
