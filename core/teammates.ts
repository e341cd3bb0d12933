import { RecodeError } from './errors.ts';
import { type EnvironmentOperationKind, type EnvironmentRow, operations } from './operations.ts';

/** Who may act on the environments of other people. */
export const teammatePolicies = ['administrators', 'everyone', 'nobody'] as const;

/** What the team has chosen about the environments of other people. */
export interface TeammateSettings {
  readonly teammates: (typeof teammatePolicies)[number];
  /** ARNs of roles and users, in which `*` stands for any text. */
  readonly administrators: readonly string[];
}

/** Who acts, as STS knows them. */
interface Person {
  readonly owner: string;
  readonly arn: string;
}

/** What the team has chosen for an operation: some are for owners and administrators alone, also where everyone may act. */
export function settingsFor(kind: EnvironmentOperationKind, { teammates, administrators }: TeammateSettings): TeammateSettings {
  const { forTeammates = true }: EnvironmentRow = operations[kind];
  return { teammates: teammates === 'everyone' && !forTeammates ? 'administrators' : teammates, administrators };
}

/**
 * As what a person acts on an environment.
 *
 * @throws RecodeError TeammateNotAllowed, which says who may
 */
export function actingAs(
  person: Person,
  { owner, repository }: { readonly owner: string; readonly repository: string },
  { teammates, administrators }: TeammateSettings,
): 'owner' | 'administrator' | 'teammate' {
  if (person.owner === owner) return 'owner';
  if (teammates !== 'nobody' && isAdministrator(person.arn, administrators)) return 'administrator';
  if (teammates === 'everyone') return 'teammate';
  const others = teammates === 'administrators' && administrators.length > 0 ? `, and administrators: ${administrators.join(', ')}` : '';
  throw new RecodeError('TeammateNotAllowed', `${repository} belongs to ${owner}. Only ${owner} may do this${others}.`);
}

/** Whether an identity is one of the administrators. The ARN of a session has its role without a path. */
export function isAdministrator(arn: string, administrators: readonly string[]): boolean {
  const [, partition, , account, role] = /^arn:([^:]+):(sts)::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  const named = role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
  return administrators.some((pattern) => matches(pattern, named));
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
