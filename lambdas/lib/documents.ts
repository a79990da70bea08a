import { DescribeDocumentCommand, InvalidDocument, type SSMClient } from '@aws-sdk/client-ssm';
import { phaseNames, type PhaseName } from '../../contracts/phase-name.ts';
import type { DocumentPlan } from '../../contracts/plan.ts';

/** The version of each phase's document as it is now: a deployment keeps to it even if the stack is updated meanwhile. */
export async function findDocuments(
  names: Record<PhaseName, string>,
  client: SSMClient,
): Promise<Record<PhaseName, DocumentPlan>> {
  const planned = phaseNames.map(async (phase) => [phase, await newestOf(names[phase], client)] as const);
  return Object.fromEntries(await Promise.all(planned)) as Record<PhaseName, DocumentPlan>;
}

/**
 * The newest version, whatever is the default one: CloudFormation may make a version and leave the default where it was.
 * Source: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2539
 */
async function newestOf(name: string, client: SSMClient): Promise<DocumentPlan> {
  try {
    const newest = new DescribeDocumentCommand({ Name: name, DocumentVersion: '$LATEST' });
    const { LatestVersion, Parameters = [] } = (await client.send(newest)).Document!;
    return { name, version: LatestVersion!, parameters: Parameters.map((parameter) => parameter.Name!) };
  } catch (error) {
    if (!(error instanceof InvalidDocument)) throw error;
    throw new Error(`The SSM document ${name} does not exist: deploy the stack again`, { cause: error });
  }
}
