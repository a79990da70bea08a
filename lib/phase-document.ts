import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Stack, Tags } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import {
  commonParameters,
  executionTimeoutParameter,
  type PhaseDefinition,
  type PhaseParameter,
} from '../contracts/phase.ts';

/** The tag by which the stack's documents are listed. */
export const documentTag = 'edgepaas-stack';

export interface PhaseDocumentProps {
  readonly phase: PhaseDefinition;
  /** The bash script as it runs on the host. */
  readonly script: string;
}

/** One SSM Command document: a phase's parameters and script, as one step named as the phase. */
export class PhaseDocument extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { phase, script }: PhaseDocumentProps) {
    super(scope, id);
    const document = new CfnDocument(this, 'Document', {
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      // A new version instead of a replacement: a running deployment keeps sending the version it planned with.
      updateMethod: 'NewVersion',
      content: contentOf(phase, script),
    });
    Tags.of(document).add(documentTag, Stack.of(this).stackName);
    this.name = document.ref;
    this.arn = Stack.of(this).formatArn({ service: 'ssm', resource: 'document', resourceName: document.ref });
  }
}

function contentOf(phase: PhaseDefinition, script: string) {
  return {
    schemaVersion: '2.2',
    description: phase.description,
    parameters: parametersOf(phase),
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: phase.name,
        inputs: { timeoutSeconds: '{{ executionTimeout }}', runCommand: script.trimEnd().split('\n') },
      },
    ],
  };
}

function parametersOf(phase: PhaseDefinition) {
  const inScript = Object.entries({ ...commonParameters, ...phase.parameters });
  return {
    ...Object.fromEntries(inScript.map(([name, parameter]) => [name, asEnvironment(parameter)])),
    // The one that is for the agent: it becomes the step's timeout and never reaches the script.
    executionTimeout: asText(executionTimeoutParameter),
  };
}

const asText = ({ description, pattern }: PhaseParameter) => ({
  type: 'String',
  description,
  allowedPattern: pattern,
});

/** Handed over as the environment variable SSM_<name>, never by textual substitution, which quotes nothing. */
const asEnvironment = (parameter: PhaseParameter) => ({ ...asText(parameter), interpolationType: 'ENV_VAR' });
