import * as v from 'valibot';
import { parsed, UnsupportedTemplate } from '../stack/unsupported.ts';
import { compileConditions, type Keys, refuseVariables } from './condition.ts';
import { isKnownKey, servedServices } from './keys.ts';
import { oneOrMore } from './policy-parts.ts';
import { wildcard } from './wildcard.ts';

/** An action on a resource that a request needs. A request may need several. */
export interface Need {
  /** For example `ec2:CreateVpc`. */
  readonly action: string;
  /** An ARN, or `*` for an action without resource-level permissions. */
  readonly resource: string;
  readonly keys: Keys;
}

/** A compiled identity-based policy. */
export interface Policy {
  allows(need: Need): boolean;
}

/** Why the policies do not allow a need, in AWS's words; undefined if they do. */
export function refusalOf(policies: readonly Policy[], need: Need): string | undefined {
  if (policies.some((policy) => policy.allows(need))) return undefined;
  return `because no identity-based policy allows the ${need.action} action`;
}

const Strings = oneOrMore(v.string());
const Statement = v.strictObject({
  Effect: v.literal('Allow', 'the embedded AWS supports only the effect Allow'),
  Action: Strings,
  Resource: Strings,
  Condition: v.optional(v.unknown(), {}),
});
const Document = v.strictObject({ Version: v.optional(v.literal('2012-10-17')), Statement: oneOrMore(Statement) });

/**
 * Compiles the document of an identity-based policy. `where` names the place in errors.
 * Throws `UnsupportedTemplate` for anything that AWS would refuse or enforce differently.
 */
export function compilePolicy(document: unknown, where: string): Policy {
  const statements = parsed(Document, document, where).Statement.map((statement, index) =>
    compileStatement(statement, `${where}.Statement.${index}`),
  );
  return { allows: (need) => statements.some((covers) => covers(need)) };
}

function compileStatement({ Action, Resource, Condition }: v.InferOutput<typeof Statement>, where: string): (need: Need) => boolean {
  for (const action of Action) checkAction(action, where);
  for (const resource of Resource) checkResource(resource, where);
  const conditions = compileConditions(Condition, `${where}.Condition`);
  const services = servedServices.filter((service) => Action.some((action) => reaches(action, service)));
  for (const name of conditions.names) {
    const service = services.find((one) => !isKnownKey(name, one));
    if (service)
      throw new UnsupportedTemplate(
        `${where}.Condition`,
        `the embedded AWS does not know the condition key ${name} of requests to ${service}`,
      );
  }
  const actions = Action.map((action) => wildcard(action, { ignoreCase: true }));
  const resources = Resource.map((resource) => wildcard(resource));
  return ({ action, resource, keys }) =>
    actions.some((matches) => matches(action)) && resources.some((matches) => matches(resource)) && conditions.hold(keys);
}

function reaches(action: string, service: string): boolean {
  return action === '*' || action.toLowerCase().startsWith(`${service}:`);
}

function checkAction(action: string, where: string): void {
  if (action !== '*' && !/^[a-z0-9-]+:[a-z0-9*?]+$/i.test(action))
    throw new UnsupportedTemplate(where, `${action} is not an action such as ec2:CreateVpc`);
}

function checkResource(resource: string, where: string): void {
  refuseVariables(resource, where);
  if (resource !== '*' && !/^arn:([^:]*:){4}./.test(resource)) throw new UnsupportedTemplate(where, `${resource} is not an ARN or *`);
}
