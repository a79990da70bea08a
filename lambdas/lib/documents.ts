import { paginateListDocuments, type SSMClient } from '@aws-sdk/client-ssm';
import { phaseNames, type PhaseName } from '../../contracts/phase-name.ts';
import type { DocumentPlan } from '../../contracts/plan.ts';

/** The version of each phase's document as it is now: a deployment keeps to it even if the stack is updated meanwhile. */
export async function findDocuments(
  names: Record<PhaseName, string>,
  client: SSMClient,
): Promise<Record<PhaseName, DocumentPlan>> {
  const versions = new Map<string, string>();
  for await (const page of paginateListDocuments(
    { client },
    { Filters: [{ Key: 'Owner', Values: ['Self'] }], MaxResults: 50 },
  ))
    for (const { Name, DocumentVersion } of page.DocumentIdentifiers ?? [])
      versions.set(Name!, DocumentVersion!);
  const planned = phaseNames.map((phase) => [phase, toPlan(names[phase], versions)] as const);
  return Object.fromEntries(planned) as Record<PhaseName, DocumentPlan>;
}

function toPlan(name: string, versions: Map<string, string>): DocumentPlan {
  const version = versions.get(name);
  if (!version) throw new Error(`The SSM document ${name} does not exist: deploy the stack again`);
  return { name, version };
}
