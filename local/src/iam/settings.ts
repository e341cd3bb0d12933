import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import type { Need, Policy } from './policy.ts';
import type { ManagedPolicies } from './roles.ts';
import { wildcard } from './wildcard.ts';

/** What tests change about permissions. */
export interface IamSettings {
  /** The policies of a restricted access key; undefined for any other key. */
  policiesOf(accessKeyId: string): readonly Policy[] | undefined;
  /** Whether any permission is denied. */
  denyAnything(): boolean;
  /** Whether a need is denied to everybody or to this function. */
  denies(functionName: string | undefined, need: Need): boolean;
  /** Mounted at `/_local/iam`. Throws `v.ValiError`, and `AwsFailure` for a policy that the stack does not have. */
  admin(method: string, body: unknown): unknown;
}

const Restriction = v.strictObject({
  accessKeyId: v.pipe(v.string(), v.minLength(1)),
  /** Logical IDs of managed policies of the stack. With null, the key has all permissions again. */
  policies: v.nullable(v.array(v.string())),
});
const Denial = v.strictObject({
  /** Without it, everybody. */
  functionName: v.optional(v.string()),
  /** With wildcards, as in a policy. */
  action: v.pipe(v.string(), v.minLength(1)),
  /** With wildcards, as in a policy. */
  resource: v.optional(v.string(), '*'),
});
const Change = v.union([Restriction, v.strictObject({ deny: v.array(Denial) })]);

interface Denied extends v.InferOutput<typeof Denial> {
  readonly covers: (need: Need) => boolean;
}

export function createIamSettings(managedPolicies: ManagedPolicies): IamSettings {
  const restricted = new Map<string, { readonly names: readonly string[]; readonly policies: readonly Policy[] }>();
  let denied: Denied[] = [];

  const restrict = (accessKeyId: string, names: readonly string[]): void => {
    const policies = names.map((name) => {
      const policy = managedPolicies.get(name);
      if (!policy) throw new AwsFailure('NoSuchEntity', `The stack has no managed policy ${name}.`, 404);
      return policy;
    });
    restricted.set(accessKeyId, { names, policies });
  };

  const change = (settings: v.InferOutput<typeof Change>): void => {
    if ('deny' in settings) denied = settings.deny.map((denial) => ({ ...denial, covers: coverOf(denial) }));
    else if (settings.policies === null) restricted.delete(settings.accessKeyId);
    else restrict(settings.accessKeyId, settings.policies);
  };

  return {
    policiesOf: (accessKeyId) => restricted.get(accessKeyId)?.policies,
    denyAnything: () => denied.length > 0,
    denies: (functionName, need) =>
      denied.some((one) => (one.functionName === undefined || one.functionName === functionName) && one.covers(need)),
    admin(method, body) {
      if (method === 'POST') change(v.parse(Change, body));
      if (method === 'DELETE') {
        restricted.clear();
        denied = [];
      }
      return {
        restricted: [...restricted].map(([accessKeyId, { names }]) => ({ accessKeyId, policies: names })),
        denied: denied.map(({ covers: _, ...denial }) => denial),
      };
    },
  };
}

function coverOf({ action, resource }: v.InferOutput<typeof Denial>): Denied['covers'] {
  const isAction = wildcard(action, { ignoreCase: true });
  const isResource = wildcard(resource);
  return (need) => isAction(need.action) && isResource(need.resource);
}
