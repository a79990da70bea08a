import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type PushSettings, pushSettingsName, pushSettingsText } from '../contracts/push-settings.ts';

export interface PushSettingsParameterProps {
  readonly stackName: string;
  readonly app: string;
  readonly settings: PushSettings;
}

/** What whoever pushes the app's image reads, instead of being told it once in each workflow. */
export class PushSettingsParameter extends Construct {
  readonly parameter: StringParameter;

  constructor(scope: Construct, id: string, { stackName, app, settings }: PushSettingsParameterProps) {
    super(scope, id);
    this.parameter = new StringParameter(this, 'Parameter', {
      parameterName: pushSettingsName(stackName, app),
      description: `What a push of ${app} has to know`,
      stringValue: pushSettingsText(settings),
      tier: ParameterTier.STANDARD,
    });
  }
}
