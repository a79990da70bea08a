import type { DeployedResource } from '../assembly-types.ts';
import { conditionsHold, refuseUnknownOperators, type Conditions } from './iam-condition.ts';

interface TrustStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Principal: { readonly Federated?: string | readonly string[] };
  readonly Condition?: Conditions;
}

const action = 'sts:AssumeRoleWithWebIdentity';
const known = ['Sid', 'Effect', 'Action', 'Principal', 'Condition'];

/** Whether a role's trust policy lets tokens of this provider, with these condition keys, take it. A deny wins. */
export function trusts(
  { logicalId, properties }: DeployedResource,
  providerArn: string,
  context: Readonly<Record<string, string>>,
): boolean {
  const { Statement = [] } = properties.AssumeRolePolicyDocument as { Statement?: unknown };
  const applying = asList(Statement as TrustStatement).filter((statement) => {
    refuseUnread(statement, logicalId);
    return (
      asList(statement.Action).includes(action) &&
      asList(statement.Principal.Federated ?? []).includes(providerArn) &&
      conditionsHold(statement.Condition ?? {}, context)
    );
  });
  return applying.length > 0 && applying.every(({ Effect }) => Effect === 'Allow');
}

function refuseUnread(statement: TrustStatement, where: string): void {
  const unknown = Object.keys(statement).filter((field) => !known.includes(field));
  if (unknown.length > 0) throw new Error(`${where}: the rehearsal does not evaluate ${unknown.join(', ')}`);
  refuseUnknownOperators(statement.Condition ?? {}, where);
}

const asList = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];
