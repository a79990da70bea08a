import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import type { EdgePaasConfig } from '../contracts/config.ts';
import { AlarmEvents } from './alarm-events.ts';
import { Alarms } from './alarms.ts';
import { AppRepository } from './app-repository.ts';
import { DeployFunctions } from './deploy-functions.ts';
import { DeployLedger } from './deploy-ledger.ts';
import { DeployStateMachine } from './deploy-state-machine.ts';
import { DockerParameters } from './docker-parameters.ts';
import { ExecutionEvents } from './execution-events.ts';
import { HostCheck } from './host-check.ts';
import { HostPolicy } from './host-policy.ts';
import { ImageRetention } from './image-retention.ts';
import { PhaseDocuments } from './phase-documents.ts';
import { PhaseEvents } from './phase-events.ts';
import { PushAccess } from './push-access.ts';
import { PushRules } from './push-rules.ts';
import { StarterHost } from './starter-host.ts';
import { SweepSchedule } from './sweep-schedule.ts';

export interface EdgePaasStackProps {
  readonly config: EdgePaasConfig;
  /** One folder a handler, as bundleHandlers makes it. */
  readonly bundlesFolder: string;
}

/** A push becomes a plan; the plan walks through phases; the ledger remembers. */
export class EdgePaasStack extends Stack {
  constructor(scope: Construct, id: string, { config, bundlesFolder }: EdgePaasStackProps) {
    super(scope, id, {
      description: 'EdgePaaS: an image pushed to ECR goes live on EC2 hosts behind Nginx',
      // A template may have 1 MB, of which the blanks of a large one take a third.
      suppressTemplateIndentation: config.apps.length > 10,
    });
    const repositories = new Map(
      config.apps.map(({ name, repository }) => [
        name,
        new AppRepository(this, `App-${name}`, repository).repository,
      ]),
    );
    const ledger = new DeployLedger(this, 'Ledger');
    const documents = new PhaseDocuments(this, 'Phases');
    const alarms = [...new Set(config.apps.flatMap(({ rollout }) => rollout.alarms))];
    const { byName: functions } = new DeployFunctions(this, 'Functions', {
      bundlesFolder,
      ledger,
      documents,
      repositories: [...repositories.values()],
      hostGroups: Object.values(config.hosts),
      alarms,
      dockerEnvironment: new DockerParameters(this, 'Docker').environment,
    });
    const deploy = new DeployStateMachine(this, 'Deploy', { definition: readDefinition(), functions });
    const { stateMachine } = deploy;
    const { deadLetters } = new PushRules(this, 'Pushes', { apps: config.apps, stateMachine });
    new PhaseEvents(this, 'PhaseEvents', {
      documentNames: Object.values(documents.names),
      judgePhase: functions['judge-phase'].function,
    });
    new AlarmEvents(this, 'AlarmEvents', { alarms, judgePhase: functions['judge-phase'].function });
    new ExecutionEvents(this, 'ExecutionEvents', {
      stateMachine,
      closeExecution: functions['close-execution'].function,
    });
    new SweepSchedule(this, 'Sweep', { sweep: functions.sweep.function });
    const { checkHosts } = new HostCheck(this, 'HostCheck', {
      bundlesFolder,
      ledger,
      inspect: documents.byPhase.inspect,
      hostGroups: Object.values(config.hosts),
      stateMachine,
    });
    const expiring = config.apps.filter(({ repository }) => repository.retention);
    const retention = expiring.length > 0 && {
      bundlesFolder,
      ledger,
      repositories: expiring.map(({ name }) => repositories.get(name)!),
    };
    const expireImages = retention
      ? new ImageRetention(this, 'Retention', retention).expireImages
      : undefined;
    const sweep = functions.sweep.function;
    new Alarms(this, 'Alarms', { deadLetters, stateMachine, sweep, checkHosts, expireImages });
    this.addHosts(config, repositories);
    new PushAccess(this, 'PushAccess', { config, repositories, ledger });
    new CfnOutput(this, 'StateMachineArn', {
      value: stateMachine.stateMachineArn,
      description: 'Start it by hand here',
    });
    new CfnOutput(this, 'LedgerTable', {
      value: ledger.table.tableName,
      description: 'Leases, releases, history',
    });
  }

  private addHosts(config: EdgePaasConfig, repositories: ReadonlyMap<string, IRepository>): void {
    for (const [name, group] of Object.entries(config.hosts)) {
      const apps = config.apps.filter(({ hosts }) => hosts === name);
      const { policies } = new HostPolicy(this, `Hosts-${name}`, {
        group: name,
        apps: apps.map((app) => ({ name: app.name, repository: repositories.get(app.name)! })),
      });
      const { starterHost } = group;
      if (starterHost) new StarterHost(this, `StarterHost-${name}`, { group, starterHost, policies });
    }
  }
}

const readDefinition = () =>
  readFileSync(join(import.meta.dirname, '..', 'state-machines', 'deploy.asl.json'), 'utf8');
