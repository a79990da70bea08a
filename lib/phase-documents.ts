import { Construct } from 'constructs';
import { phaseNames, type PhaseName } from '../contracts/phase-name.ts';
import { phases } from '../contracts/phases/index.ts';
import { composeScript } from './compose-script.ts';
import { pascalCase } from './handler-name.ts';
import { PhaseDocument } from './phase-document.ts';

/** One document a phase. */
export class PhaseDocuments extends Construct {
  readonly byPhase: Readonly<Record<PhaseName, PhaseDocument>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const documents = phaseNames.map((name) => {
      const props = { phase: phases[name], script: composeScript(name) };
      return [name, new PhaseDocument(this, pascalCase(name), props)] as const;
    });
    this.byPhase = Object.fromEntries(documents) as Record<PhaseName, PhaseDocument>;
  }

  get names(): Record<PhaseName, string> {
    const named = Object.entries(this.byPhase).map(([phase, { name }]) => [phase, name]);
    return Object.fromEntries(named) as Record<PhaseName, string>;
  }

  get arns(): string[] {
    return Object.values(this.byPhase).map(({ arn }) => arn);
  }
}
