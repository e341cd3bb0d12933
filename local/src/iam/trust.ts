import * as v from 'valibot';
import { oneOrMore, parsed } from '../stack/parsed.ts';
import { UnsupportedTemplate } from '../stack/template.ts';
import { compileConditions, type Keys } from './condition.ts';
import { wildcard } from './wildcard.ts';

/** Who may assume a role: its AssumeRolePolicyDocument, compiled. */
export interface Trust {
  /** Whether a service such as `scheduler.amazonaws.com` may, in a request that bears these condition keys. */
  admits(service: string, keys: Keys): boolean;
}

const Strings = oneOrMore(v.string());
const Statement = v.strictObject({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Principal: v.record(v.string(), Strings),
  Action: Strings,
  Condition: v.optional(v.unknown(), {}),
});
const Document = v.strictObject({
  Version: v.optional(v.picklist(['2008-10-17', '2012-10-17'])),
  Statement: oneOrMore(Statement),
});
/** What services say of themselves where they assume a role. */
const knownKeys = new Set(['aws:sourceaccount', 'aws:sourcearn']);

/** Reads a role's trust policy; `where` names the place in errors. Throws `UnsupportedTemplate` for what cannot be judged here. */
export function compileTrust(document: unknown, where: string): Trust {
  const statements = parsed(Document, document, where).Statement.map(({ Effect, Principal, Action, Condition }, index) => {
    const conditions = compileConditions(Condition, `${where}.Statement.${index}.Condition`);
    for (const name of conditions.names) {
      if (knownKeys.has(name)) continue;
      throw new UnsupportedTemplate(where, `the embedded AWS does not know the condition key ${name} of a service that assumes a role`);
    }
    const isAssuming = Action.some((action) => wildcard(action, { ignoreCase: true })('sts:AssumeRole'));
    const covers = (service: string, keys: Keys) => isAssuming && (Principal.Service ?? []).includes(service) && conditions.hold(keys);
    return { allows: Effect === 'Allow', covers };
  });
  return {
    admits(service, keys) {
      const verdicts = statements.filter(({ covers }) => covers(service, keys));
      return verdicts.length > 0 && verdicts.every(({ allows }) => allows);
    },
  };
}
