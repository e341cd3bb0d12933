import * as v from 'valibot';
import { parsed, UnsupportedTemplate } from '../stack/unsupported.ts';
import { compileConditions, type Keys } from './condition.ts';
import { oneOrMore } from './policy-parts.ts';

/** Which services may assume a role: its compiled AssumeRolePolicyDocument. */
export interface Trust {
  /** Whether a service such as `scheduler.amazonaws.com` may assume the role, in a request with these condition keys. */
  admits(service: string, keys: Keys): boolean;
}

const Statement = v.strictObject({
  Effect: v.literal('Allow', 'the embedded AWS supports only the effect Allow'),
  Principal: v.strictObject({ Service: oneOrMore(v.string()) }),
  Action: v.literal('sts:AssumeRole'),
  Condition: v.optional(v.unknown(), {}),
});
const Document = v.strictObject({ Version: v.optional(v.literal('2012-10-17')), Statement: oneOrMore(Statement) });

/** Compiles a role's trust policy. `where` names the place in errors. Throws `UnsupportedTemplate`. */
export function compileTrust(document: unknown, where: string): Trust {
  const statements = parsed(Document, document, where).Statement.map(({ Principal, Condition }, index) => {
    const conditions = compileConditions(Condition, `${where}.Statement.${index}.Condition`);
    const unknown = conditions.names.find((name) => name !== 'aws:sourceaccount');
    if (unknown !== undefined)
      throw new UnsupportedTemplate(where, `the embedded AWS does not know the condition key ${unknown} of a service that assumes a role`);
    return { services: Principal.Service, conditions };
  });
  return { admits: (service, keys) => statements.some((one) => one.services.includes(service) && one.conditions.hold(keys)) };
}
