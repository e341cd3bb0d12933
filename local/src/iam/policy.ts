import * as v from 'valibot';
import { oneOrMore, parsed } from '../stack/parsed.ts';
import { UnsupportedTemplate } from '../stack/template.ts';
import { compileConditions, type Keys, refuseVariables } from './condition.ts';
import { isKnownKey, servedServices } from './keys.ts';
import { wildcard } from './wildcard.ts';

/** What a request needs: an action on a resource. A request may need several. */
export interface Need {
  /** Such as `ec2:CreateVpc`. */
  readonly action: string;
  /** An ARN, or `*` for an action that IAM does not tell apart by resources. */
  readonly resource: string;
  readonly keys: Keys;
}

/** An identity-based policy, compiled. */
export interface Policy {
  /** What its statements say of a need; a deny outweighs any allow. */
  judge(need: Need): 'allows' | 'denies' | 'is silent';
}

/** What an identity may do. */
export interface Rights {
  readonly policies: readonly Policy[];
  /** The permissions boundary: nothing that it does not allow as well. */
  readonly boundary?: Policy | undefined;
}

/** Why rights do not cover a need, in AWS's words; undefined where they do. */
export function refusalOf({ policies, boundary }: Rights, need: Need): string | undefined {
  const verdicts = policies.map((policy) => policy.judge(need));
  const bounded = boundary?.judge(need) ?? 'allows';
  if (verdicts.includes('denies')) return 'with an explicit deny in an identity-based policy';
  if (bounded === 'denies') return 'with an explicit deny in a permissions boundary';
  if (!verdicts.includes('allows')) return `because no identity-based policy allows the ${need.action} action`;
  if (bounded !== 'allows') return `because no permissions boundary allows the ${need.action} action`;
  return undefined;
}

const Strings = oneOrMore(v.string());
const Statement = v.strictObject({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Action: v.optional(Strings),
  NotAction: v.optional(Strings),
  Resource: v.optional(Strings),
  NotResource: v.optional(Strings),
  Condition: v.optional(v.unknown()),
});
type Statement = v.InferOutput<typeof Statement>;
const Document = v.strictObject({
  Version: v.optional(v.picklist(['2008-10-17', '2012-10-17'])),
  Id: v.optional(v.string()),
  Statement: oneOrMore(Statement),
});

/**
 * Reads the JSON document of an identity-based policy; `where` names the place in errors. Throws `UnsupportedTemplate` for what AWS
 * would refuse, and for what would have an effect on AWS that it has not here.
 */
export function compilePolicy(document: unknown, where: string): Policy {
  const statements = parsed(Document, document, where).Statement.map((statement, index) => ({
    effect: statement.Effect,
    covers: compileStatement(statement, `${where}.Statement.${index}`),
  }));
  const allows = statements.filter(({ effect }) => effect === 'Allow');
  const denies = statements.filter(({ effect }) => effect === 'Deny');
  return {
    judge(need) {
      if (denies.some(({ covers }) => covers(need))) return 'denies';
      return allows.some(({ covers }) => covers(need)) ? 'allows' : 'is silent';
    },
  };
}

function compileStatement(statement: Statement, where: string): (need: Need) => boolean {
  const { Action, NotAction, Resource, NotResource, Condition } = statement;
  const actions = either({ Action, NotAction }, where);
  const resources = either({ Resource, NotResource }, where);
  for (const action of actions.patterns) checkAction(action, where);
  for (const resource of resources.patterns) checkResource(resource, where);
  const isAction = matcher(actions, { ignoreCase: true });
  const isResource = matcher(resources, {});
  if (Condition === undefined) return ({ action, resource }) => isAction(action) && isResource(resource);

  const conditions = compileConditions(Condition, `${where}.Condition`);
  const services = servedServices.filter((service) => actions.negated || actions.patterns.some((pattern) => reaches(pattern, service)));
  for (const name of conditions.names) {
    const service = services.find((one) => !isKnownKey(name, one));
    if (service)
      throw new UnsupportedTemplate(
        `${where}.Condition`,
        `the embedded AWS does not know the condition key ${name} of requests to ${service}`,
      );
  }
  return ({ action, resource, keys }) => isAction(action) && isResource(resource) && conditions.hold(keys);
}

interface Patterns {
  readonly patterns: readonly string[];
  readonly negated: boolean;
}

/** Of an element and its negation exactly one has to be there. */
function either(elements: Readonly<Record<string, readonly string[] | undefined>>, where: string): Patterns {
  const [given, ...more] = Object.entries(elements).flatMap(([name, patterns]) => (patterns ? [{ name, patterns }] : []));
  if (!given || more.length > 0) throw new UnsupportedTemplate(where, `it needs one of ${Object.keys(elements).join(' and ')}`);
  return { patterns: given.patterns, negated: given.name.startsWith('Not') };
}

function matcher({ patterns, negated }: Patterns, options: { ignoreCase?: boolean }): (text: string) => boolean {
  const matchers = patterns.map((pattern) => wildcard(pattern, options));
  return (text) => matchers.some((matches) => matches(text)) !== negated;
}

function reaches(actionPattern: string, service: string): boolean {
  return actionPattern === '*' || actionPattern.toLowerCase().startsWith(`${service}:`);
}

function checkAction(action: string, where: string): void {
  if (action !== '*' && !/^[a-z0-9-]+:[a-z0-9*?]+$/i.test(action))
    throw new UnsupportedTemplate(where, `${action} is no action: it is written <service>:<Action>`);
}

function checkResource(resource: string, where: string): void {
  refuseVariables(resource, where);
  if (resource !== '*' && !/^arn:([^:]*:){4}./.test(resource)) throw new UnsupportedTemplate(where, `${resource} is no ARN, nor *`);
}
