import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import type { Need, Rights } from './policy.ts';
import type { Roles } from './roles.ts';
import { wildcard } from './wildcard.ts';

/** What tests say about rights, besides the stack. */
export interface IamSettings {
  /** What a key that was restricted may do; undefined for any other. */
  rightsOf(accessKeyId: string): Rights | undefined;
  /** Whether any permission was taken away from anybody. */
  denyAnything(): boolean;
  /** Whether this permission was taken away from the function, or from everybody. */
  denies(functionName: string | undefined, need: Need): boolean;
  /** Mounted at `/_local/iam`. Throws `v.ValiError`, and `AwsFailure` for a policy that the stack has not. */
  admin(method: string, body: unknown): unknown;
}

const Restriction = v.strictObject({
  accessKeyId: v.pipe(v.string(), v.minLength(1)),
  /** Managed policies of the stack, by logical id, name or ARN; null gives all rights back. */
  policies: v.nullable(v.array(v.string())),
});
const Denial = v.strictObject({
  /** Everybody without it. */
  functionName: v.optional(v.string()),
  /** With wildcards, as in a policy. */
  action: v.pipe(v.string(), v.minLength(1)),
  /** Likewise; any without it. */
  resource: v.optional(v.string(), '*'),
});
const Change = v.union([Restriction, v.strictObject({ deny: v.array(Denial) })]);

interface Denied extends v.InferOutput<typeof Denial> {
  readonly covers: (need: Need) => boolean;
}

export function createIamSettings(roles: Roles): IamSettings {
  const restricted = new Map<string, { readonly names: readonly string[]; readonly rights: Rights }>();
  let denied: Denied[] = [];

  const restrict = (accessKeyId: string, names: readonly string[]): void => {
    const policies = names.map((name) => {
      const policy = roles.managedPolicy(name);
      if (!policy) throw new AwsFailure('NoSuchEntity', `The stack has no managed policy ${name}.`, 404);
      return policy;
    });
    restricted.set(accessKeyId, { names, rights: { policies } });
  };

  const change = (settings: v.InferOutput<typeof Change>): void => {
    if ('deny' in settings) denied = settings.deny.map((denial) => ({ ...denial, covers: coverOf(denial) }));
    else if (settings.policies === null) restricted.delete(settings.accessKeyId);
    else restrict(settings.accessKeyId, settings.policies);
  };

  return {
    rightsOf: (accessKeyId) => restricted.get(accessKeyId)?.rights,
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
