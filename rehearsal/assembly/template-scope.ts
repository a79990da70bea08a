import { evaluateCondition, noValue, resolve, type Scope } from './intrinsics.ts';
import type { Template, TemplateResource } from './read-manifest.ts';
import { identifyResource, type Place, type ResourceIdentity } from './resource-identity.ts';
import { resolveParameter } from './resolve-parameters.ts';

/** The names of a template while it is resolved: each is worked out when something first refers to it. */
export class TemplateScope implements Scope {
  readonly region: string;
  readonly #template: Template;
  readonly #given: Readonly<Record<string, string>>;
  readonly #place: Place;
  readonly #known = new Map<string, ResourceIdentity>();
  readonly #underWay = new Set<string>();

  constructor(template: Template, given: Readonly<Record<string, string>>, place: Place) {
    this.#template = template;
    this.#given = given;
    this.#place = place;
    this.region = place.region;
  }

  ref(name: string): unknown {
    const pseudo = this.#pseudoParameter(name);
    if (pseudo !== undefined) return pseudo;
    const parameter = this.#template.Parameters?.[name];
    if (parameter) return resolveParameter(name, parameter, this.#given[name]);
    return this.identity(name).ref;
  }

  attribute(logicalId: string, attribute: string): string {
    const value = this.identity(logicalId).attributes[attribute];
    if (value !== undefined) return value;
    const type = this.#template.Resources?.[logicalId]?.Type;
    throw new Error(`the rehearsal does not know the attribute ${attribute} of ${logicalId} (${type})`);
  }

  condition(name: string): boolean {
    const condition = this.#template.Conditions?.[name];
    if (!condition) throw new Error(`the template has no condition ${name}`);
    return evaluateCondition(condition, this);
  }

  mapping(map: string, top: string, second: string): unknown {
    const value = this.#template.Mappings?.[map]?.[top]?.[second];
    if (value === undefined) throw new Error(`the template has no mapping ${map}/${top}/${second}`);
    return value;
  }

  /** Refuses a type the rehearsal does not know: something refers to it, and what it would be called is a guess. */
  identity(logicalId: string): ResourceIdentity {
    const resource = this.#template.Resources?.[logicalId];
    if (!resource) throw new Error(`the template refers to ${logicalId}, which it does not have`);
    const identity = this.findIdentity(logicalId, resource);
    if (!identity) throw new Error(`the rehearsal does not know the type ${resource.Type} of ${logicalId}`);
    return identity;
  }

  findIdentity(logicalId: string, resource: TemplateResource): ResourceIdentity | undefined {
    const known = this.#known.get(logicalId);
    if (known) return known;
    const identity = this.#identify(logicalId, resource);
    if (identity) this.#known.set(logicalId, identity);
    return identity;
  }

  /** Only the texts at the top of the properties can name a resource, so nothing deeper is resolved: that could be a cycle. */
  #identify(logicalId: string, resource: TemplateResource): ResourceIdentity | undefined {
    if (this.#underWay.has(logicalId)) throw new Error(`${logicalId} refers to itself`);
    this.#underWay.add(logicalId);
    try {
      const names = Object.entries(resource.Properties ?? {}).filter(([key]) => namingProperties.test(key));
      const properties = resolve(Object.fromEntries(names), this) as Record<string, unknown>;
      return identifyResource(resource.Type, this.#place, logicalId, properties);
    } finally {
      this.#underWay.delete(logicalId);
    }
  }

  #pseudoParameter(name: string): unknown {
    const { account, region, stackName } = this.#place;
    const values: Record<string, unknown> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::StackName': stackName,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/rehearsal`,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::NotificationARNs': [],
      'AWS::NoValue': noValue,
    };
    return values[name];
  }
}

const namingProperties = /^(Name|Url|[A-Za-z]+Name|CidrBlock|AvailabilityZone)$/;
