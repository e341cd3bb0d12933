import * as v from 'valibot';
import { openPackage } from '../stack/package.ts';
import { parsed } from '../stack/parsed.ts';
import { type Resolver, type TemplateResource, UnsupportedTemplate } from '../stack/template.ts';
import { awsManagedPolicies } from './aws-managed.ts';
import { compilePolicy, type Policy, type Rights } from './policy.ts';
import { compileTrust, type Trust } from './trust.ts';

/** A role of the packaged stack. */
export interface Role extends Rights {
  readonly name: string;
  readonly arn: string;
}

/** Who has which role in the packaged stack, and what the roles allow. */
export interface Roles {
  /** The role of a function; undefined where it is not in the template, so that nobody here knows what it allows. */
  ofFunction(functionName: string): Role | undefined;
  /** The role of a state machine, likewise. */
  ofStateMachine(arn: string): Role | undefined;
  /** The role of a schedule and who may assume it, likewise. */
  ofSchedule(arn: string): (Role & { readonly trust: Trust }) | undefined;
  /** A managed policy of the template by its logical id, name or ARN. */
  managedPolicy(name: string): Policy | undefined;
}

/** The roles where nothing is deployed. */
export const noRoles: Roles = {
  ofFunction: () => undefined,
  ofStateMachine: () => undefined,
  ofSchedule: () => undefined,
  managedPolicy: () => undefined,
};

/**
 * Reads the roles and managed policies of the packaged stack in `packageDirectory`, as they would be deployed in that account and region.
 * Throws `UnsupportedTemplate` for a policy that AWS would refuse or that cannot be enforced here as it would be there.
 */
export function readRoles(packageDirectory: string, place: { accountId: string; region: string }): Roles {
  const { resolver, ofType } = openPackage(packageDirectory, place);

  const managed = ofType('AWS::IAM::ManagedPolicy').map(([id, resource]) => managedPolicyOf(id, resource, resolver));
  const attached = ofType('AWS::IAM::Policy').map(([id, resource]) => attachedPolicyOf(id, resource, resolver));
  const roles = new Map<string, Role>();
  const resourceAt = (arn: string | undefined) => ofType('AWS::IAM::Role').find(([id]) => arnOf(id, resolver) === arn);
  /** Only the roles that somebody here has are read. */
  const roleAt = (arn: string | undefined): Role | undefined => {
    const known = arn === undefined ? undefined : roles.get(arn);
    if (known || arn === undefined) return known;
    const found = resourceAt(arn);
    const role = found && roleOf(...found, { resolver, managed, attached });
    if (role) roles.set(arn, role);
    return role;
  };
  const trustingRoleAt = (arn: string | undefined) => {
    const role = roleAt(arn);
    const [id, resource] = resourceAt(arn) ?? [];
    if (!role || !resource) return undefined;
    const where = `${id}.AssumeRolePolicyDocument`;
    return { ...role, trust: compileTrust(resolver.resolve(resource.Properties.AssumeRolePolicyDocument, where), where) };
  };
  const holders = (type: string, property: string, nameOf: (id: string, resource: TemplateResource) => string) =>
    new Map(
      ofType(type).map(([id, resource]) => {
        const arn = resolver.resolve(resource.Properties[property], `${id}.${property}`);
        return [nameOf(id, resource), roleAt(parsed(v.optional(v.string()), arn, `${id}.${property}`))] as const;
      }),
    );
  const functions = holders('AWS::Lambda::Function', 'Role', (id, { Properties }) =>
    resolver.text(Properties.FunctionName, `${id}.FunctionName`),
  );
  const stateMachines = holders('AWS::StepFunctions::StateMachine', 'RoleArn', (id) => arnOf(id, resolver));
  const schedules = new Map(
    ofType('AWS::Scheduler::Schedule').map(([id, { Properties }]) => {
      const { RoleArn } = parsed(Target, resolver.resolve(Properties.Target, `${id}.Target`), `${id}.Target`);
      return [arnOf(id, resolver), trustingRoleAt(RoleArn)] as const;
    }),
  );

  return {
    ofFunction: (name) => functions.get(name),
    ofStateMachine: (arn) => stateMachines.get(arn),
    ofSchedule: (arn) => schedules.get(arn),
    managedPolicy: (name) => managed.find(({ names }) => names.includes(name))?.policy,
  };
}

interface ManagedPolicy {
  /** Its logical id, name and ARN. */
  readonly names: readonly string[];
  readonly arn: string;
  readonly policy: Policy;
  /** The names of the roles that it says it is attached to. */
  readonly roles: readonly string[];
}

type Attached = Pick<ManagedPolicy, 'policy' | 'roles'>;

const Strings = v.optional(v.array(v.string()), []);
const Target = v.object({ RoleArn: v.string() });
const Inline = v.optional(v.array(v.object({ PolicyName: v.unknown(), PolicyDocument: v.unknown() })), []);

function managedPolicyOf(id: string, resource: TemplateResource, resolver: Resolver): ManagedPolicy {
  const arn = resolver.text({ 'Fn::GetAtt': [id, 'PolicyArn'] }, id);
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  return { names: [id, name, arn], arn, ...attachedPolicyOf(id, resource, resolver) };
}

function attachedPolicyOf(id: string, { Properties }: TemplateResource, resolver: Resolver): Attached {
  const where = `${id}.PolicyDocument`;
  return {
    policy: compilePolicy(resolver.resolve(Properties.PolicyDocument, where), where),
    roles: list(Strings, Properties.Roles, `${id}.Roles`, resolver),
  };
}

function roleOf(
  id: string,
  { Properties }: TemplateResource,
  { resolver, managed, attached }: { resolver: Resolver; managed: readonly ManagedPolicy[]; attached: readonly Attached[] },
): Role {
  const arn = arnOf(id, resolver);
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const inline = list(Inline, Properties.Policies, `${id}.Policies`, resolver).map(({ PolicyDocument }, index) =>
    compilePolicy(PolicyDocument, `${id}.Policies.${index}.PolicyDocument`),
  );
  const byArn = (policyArn: string, property: string): Policy => {
    const found = managed.find((one) => one.arn === policyArn)?.policy ?? awsManagedPolicies.get(policyArn);
    if (!found)
      throw new UnsupportedTemplate(`${id}.${property}`, `${policyArn} is not in the template, so nobody here knows what it allows`);
    return found;
  };
  const named = list(Strings, Properties.ManagedPolicyArns, `${id}.ManagedPolicyArns`, resolver);
  const boundary = resolver.resolve(Properties.PermissionsBoundary, `${id}.PermissionsBoundary`);
  return {
    name,
    arn,
    policies: [
      ...inline,
      ...named.map((policyArn) => byArn(policyArn, 'ManagedPolicyArns')),
      ...[...managed, ...attached].flatMap(({ policy, roles }) => (roles.includes(name) ? [policy] : [])),
    ],
    boundary: boundary === undefined ? undefined : byArn(String(boundary), 'PermissionsBoundary'),
  };
}

function arnOf(id: string, resolver: Resolver): string {
  return resolver.text({ 'Fn::GetAtt': [id, 'Arn'] }, id);
}

function list<S extends v.GenericSchema>(schema: S, value: unknown, where: string, resolver: Resolver): v.InferOutput<S> {
  return parsed(schema, resolver.resolve(value, where), where);
}
