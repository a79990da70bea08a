/** Where in a definition a check looks, and what the context object holds there. */
export interface Where {
  readonly state: string;
  readonly field: string;
  /** `$$.Map.Item` exists in a Map's ItemSelector and inside its iterations. */
  readonly insideMap: boolean;
  /** `$$.Task.Token` exists in the Parameters of a task that waits for a callback. */
  readonly hasToken: boolean;
}

/** A definition that AWS would refuse, or that uses what this interpreter does not implement. */
export class DefinitionError extends Error {
  constructor(where: Pick<Where, 'state' | 'field'>, problem: string) {
    super(`state "${where.state}", field "${where.field}": ${problem}`);
    this.name = 'DefinitionError';
  }
}

export function refuse(where: Where, problem: string): never {
  throw new DefinitionError(where, problem);
}

export const within = (where: Where, field: string | number): Where => ({
  ...where,
  field: typeof field === 'number' ? `${where.field}[${field}]` : `${where.field}.${field}`,
});
