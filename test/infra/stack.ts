import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');

/** A statement of a policy in the packaged stack, its intrinsic functions unresolved. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Document {
  readonly Statement: readonly Statement[];
}
export interface Role {
  readonly id: string;
  readonly RoleName?: unknown;
  readonly PermissionsBoundary?: unknown;
  readonly AssumeRolePolicyDocument: { readonly Statement: readonly { readonly Principal: { readonly Service: string } }[] };
  readonly Policies?: readonly { readonly PolicyDocument: Document }[];
}
interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

const template = JSON.parse(readFileSync(join(root, 'dist/stack/cloudformation-template-update-stack.json'), 'utf8')) as {
  Resources: Record<string, Resource>;
};

/** The resources of a type in the packaged stack, each with its logical id. */
export function resources(type: string): ({ readonly id: string } & Readonly<Record<string, unknown>>)[] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) => (Type === type ? [{ id, ...Properties }] : []));
}

export const roles = resources('AWS::IAM::Role') as unknown as Role[];

export function statementsOf({ Policies = [] }: Role): Statement[] {
  return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function actionsOf({ Action }: Statement): string[] {
  return [Action].flat() as string[];
}

/** A file of infra/, parsed. */
export function infra(file: string): Record<string, unknown> {
  return parse(readFileSync(join(root, 'infra', file), 'utf8')) as Record<string, unknown>;
}
