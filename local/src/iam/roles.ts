import * as v from 'valibot';
import type { Template } from '../stack/template.ts';
import { compilePolicy, type Policy } from './policy.ts';
import { compileTrust, type Trust } from './trust.ts';

/** A role of the packaged stack. */
export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly policies: readonly Policy[];
  /** Which services may assume it. */
  readonly trust: Trust;
}

/** By ARN. */
export type Roles = ReadonlyMap<string, Role>;
/** By logical ID. */
export type ManagedPolicies = ReadonlyMap<string, Policy>;

const RoleProperties = v.strictObject({
  AssumeRolePolicyDocument: v.unknown(),
  Policies: v.optional(v.array(v.strictObject({ PolicyName: v.string(), PolicyDocument: v.unknown() })), []),
});

/** Reads the roles of the packaged stack. Throws `UnsupportedTemplate` for a policy that cannot be enforced as on AWS. */
export function readRoles(template: Template): Roles {
  const roles = template.resources('AWS::IAM::Role', RoleProperties).map(([id, { AssumeRolePolicyDocument, Policies }]): Role => {
    const policies = Policies.map(({ PolicyDocument }, index) => compilePolicy(PolicyDocument, `${id}.Policies.${index}.PolicyDocument`));
    return { name: id, arn: template.arnOf(id), policies, trust: compileTrust(AssumeRolePolicyDocument, `${id}.AssumeRolePolicyDocument`) };
  });
  return new Map(roles.map((role) => [role.arn, role]));
}

/** Reads the managed policies of the packaged stack. Throws `UnsupportedTemplate`, like `readRoles`. */
export function readManagedPolicies(template: Template): ManagedPolicies {
  const policies = template.resources('AWS::IAM::ManagedPolicy', v.strictObject({ PolicyDocument: v.unknown() }), ['Description']);
  return new Map(policies.map(([id, { PolicyDocument }]) => [id, compilePolicy(PolicyDocument, `${id}.PolicyDocument`)]));
}
