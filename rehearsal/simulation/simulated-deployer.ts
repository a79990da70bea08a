import type { AppSettings } from '../../contracts/app-settings.ts';
import { Ledger } from '../../lambdas/lib/ledger.ts';
import type { DeployedStack } from '../assembly-types.ts';
import { createAuthorizer } from '../aws/authorize.ts';
import { CloudWatchService } from '../aws/cloudwatch.ts';
import { DefaultBus, type DeliveryFault } from '../aws/default-bus.ts';
import { createDynamoDb } from '../aws/dynamodb.ts';
import { createEc2 } from '../aws/ec2.ts';
import { createEcr } from '../aws/ecr.ts';
import type { ImageSource } from '../aws/ecr-images.ts';
import { memoryImages, type MemoryImages } from '../aws/ecr-memory-images.ts';
import type { BusEvent } from '../aws/event-bus.ts';
import type { WireService } from '../aws/service.ts';
import { createSsm, type SsmFaults, type SsmService } from '../aws/ssm.ts';
import { StatesService } from '../aws/states.ts';
import type { Execution } from '../aws/states/executions.ts';
import type { Fleet } from './fleet.ts';
import { createClients } from './in-process-clients.ts';
import { InProcessFunctions, type FunctionFault } from './in-process-functions.ts';
import type { SimulatedTime } from './simulated-time.ts';

export interface SimulatedDeployerOptions {
  readonly stack: DeployedStack;
  readonly apps: AppSettings[];
  readonly time: SimulatedTime;
  readonly fleet: Fleet;
  readonly random: () => number;
  readonly functionFault?: (handler: string) => FunctionFault | undefined;
  readonly eventFault?: (event: BusEvent, ruleName: string) => DeliveryFault | undefined;
  readonly ssmFaults?: SsmFaults;
}

/** The synthesized stack in simulated time, in one process: the graph, the Lambdas and every service, without a socket. */
export class SimulatedDeployer {
  readonly ledger: Ledger;
  readonly states: StatesService;
  readonly bus: DefaultBus;
  readonly images: MemoryImages;
  readonly cloudwatch: CloudWatchService;
  readonly #functions: InProcessFunctions;
  readonly ssm: SsmService;

  private constructor(options: SimulatedDeployerOptions, dynamodb: WireService) {
    const { stack, apps, time, fleet } = options;
    const { authorize } = createAuthorizer(stack);
    this.bus = new DefaultBus({
      stack,
      clock: time,
      authorize,
      fault: options.eventFault,
      invokeAsync: (arn, payload) => this.#functions.invokeAsync(arn, payload),
      startExecution: (arn, input) => this.states.start(arn, input),
    });
    this.images = memoryImages(this.bus);
    this.ssm = createSsm({
      stack,
      hosts: fleet.hosts,
      clock: time,
      events: this.bus,
      faults: options.ssmFaults,
    });
    this.states = new StatesService({
      stack,
      clock: time,
      authorize,
      events: this.bus,
      invoke: (name, payload) => this.#functions.invoke(name, payload),
      functionArn: (name) => this.#functions.functionArn(name),
      random: options.random,
    });
    const ec2 = createEc2({ stack, hosts: () => fleet.hosts, volumes: fleet.volumes, clock: time });
    const ecr = withDataUrls(
      createEcr({ stack, images: this.images, clock: time, downloadUrl: () => '' }),
      this.images,
    );
    this.cloudwatch = new CloudWatchService({ stack, clock: time, events: this.bus });
    const services = { cloudwatch: this.cloudwatch, dynamodb, ec2, ecr, states: this.states, ssm: this.ssm };
    const clients = createClients(services, stack.region);
    const table = stack.resources.find(({ type }) => type === 'AWS::DynamoDB::Table')!.ref;
    this.ledger = new Ledger(clients.documents, table);
    const registry = `${stack.account}.dkr.ecr.${stack.region}.amazonaws.com`;
    this.#functions = new InProcessFunctions({
      stack,
      apps,
      registry,
      ledger: this.ledger,
      clients,
      time,
      fault: options.functionFault,
    });
    this.bus.start();
  }

  static async start(options: SimulatedDeployerOptions): Promise<SimulatedDeployer> {
    return new SimulatedDeployer(options, await createDynamoDb(options.stack));
  }

  /** As the console does it. */
  startExecution = (input: object): Execution =>
    this.states.start(this.states.machines[0]!.arn, JSON.stringify(input));

  async close(): Promise<void> {
    this.bus.close();
    await this.states.close();
    this.ssm.close();
    this.#functions.close();
  }
}

/** There is no server to download from: the URL is the content. */
function withDataUrls(ecr: WireService, images: ImageSource): WireService {
  return {
    name: ecr.name,
    permissions: (action, input) => ecr.permissions(action, input),
    async handle(action, input, caller) {
      const answer = (await ecr.handle(action, input, caller)) as object;
      if (action !== 'GetDownloadUrlForLayer') return answer;
      const blob = await images.blob(String(input.repositoryName), String(input.layerDigest));
      const content = Buffer.from(blob!).toString('base64');
      return { ...answer, downloadUrl: `data:application/json;base64,${content}` };
    },
  };
}
