import * as v from 'valibot';
import { deleteItem, putItem } from '../../aws/records/hold/table.ts';
import { type Key, readItems } from '../../aws/records/read/table.ts';
import type { Environment, EnvironmentRequest, Instance, Observed, Wanted } from '../../core/environment.ts';
import { type Operation, settleSeconds } from '../../core/operation.ts';
import type { OperationKind } from '../../core/operations.ts';
import { holderPackage } from '../harness/holders.ts';
import { type TestAccount, testAccount } from './account.ts';
import { publicKey, request } from './documents.ts';

const networkKey: Key = { kind: 'network', id: 'network' };

export const alicesApi = { owner: 'alice', repository: 'acme/api' };
export const environmentKey: Key = { kind: 'environment', id: 'alice/acme/api' };

const time = '2026-01-01T00:00:00.000Z';

interface Recorded
  extends Partial<
    Pick<
      Environment,
      'owner' | 'repository' | 'uid' | 'name' | 'formerNames' | 'transferTo' | 'transferFrom' | 'lock' | 'lastError' | 'updatedAt'
    >
  > {
  readonly request?: EnvironmentRequest;
  readonly power?: Wanted['power'];
  readonly stopAt?: string | undefined;
  readonly instance?: Instance;
  readonly state?: Observed['state'];
  readonly publicIpAddress?: string;
}

/**
 * The record of alice's environment of acme/api, free and without a name unless said otherwise: one that is wanted on, and has no instance, or
 * the given one, running.
 */
export function recordOf({
  request: asked = request,
  power = 'on',
  stopAt,
  instance,
  state = 'running',
  publicIpAddress,
  ...fields
}: Recorded = {}): Environment {
  return {
    format: 2,
    uid: 'uid-1',
    ...alicesApi,
    wanted: { ...asked, power, ...(stopAt !== undefined && { stopAt }) },
    ...(instance && { observed: { ...instance, state, ...(publicIpAddress !== undefined && { publicIpAddress }), at: time } }),
    createdAt: time,
    updatedAt: time,
    ...fields,
  };
}

/** An account in which Recode has its table, and the network as given; null for none. */
export async function installed(network: Record<string, unknown> | null = { status: 'creating' }): Promise<TestAccount> {
  const account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
  if (network) await putItem(account.dynamodb, networkKey, { format: 2, installation: 'installation-1', ...network });
  return account;
}

interface Asked {
  readonly owner?: string;
  readonly repository?: string;
  readonly request?: object;
}

/** The input of BeginOperation in the operation's execution, as its workflow makes it; whoever began the operation is the caller. */
export function begin<Kind extends OperationKind>(
  { kind, executionArn, startedAt, owner: caller }: Operation & { readonly kind: Kind },
  asked: Asked = {},
) {
  const environment = { owner: asked.owner ?? 'alice', repository: asked.repository ?? 'acme/api' };
  const wanted = { request: asked.request ?? { publicKey: publicKey() } };
  const input = { caller, ...(kind !== 'uninstall' && { environment }), ...(kind === 'start' && wanted) };
  return { kind, executionArn, startedAt, input };
}

/** Waits until the last Lambda of an execution must be dead that closes now. */
export const settle = ({ aws }: TestAccount) => aws.clock.advance(settleSeconds * 1000);

/** The environments by the names that they have claimed. */
export async function claims({ dynamodb }: TestAccount): Promise<Record<string, string>> {
  const { items } = await readItems(dynamodb, 'name', v.object({ id: v.string(), environment: v.string() }));
  return Object.fromEntries(items.map(({ id, environment }) => [id, environment]));
}

/** Does something between the step's next write of this kind and its call after that. */
export function afterWrite(account: TestAccount, command: string, what: () => Promise<unknown>): void {
  atWrite(account, command, async (write) => {
    const answer = await write();
    await what();
    return answer;
  });
}

/** Does something between what the step has read and its next write of this kind. */
export function beforeWrite(account: TestAccount, command: string, what: () => Promise<unknown>): void {
  atWrite(account, command, async (write) => {
    await what();
    return write();
  });
}

function atWrite({ dynamodb }: TestAccount, command: string, around: <Answer>(write: () => Promise<Answer>) => Promise<Answer>): void {
  let done = false;
  dynamodb.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName !== command || done) return next(args);
      done = true;
      return around(() => next(args));
    },
    { step: 'initialize' },
  );
}

/** Replaces the record of the network as somebody else would; undefined deletes it. */
export async function replaceNetwork({ aws }: TestAccount, network: Record<string, unknown> | undefined): Promise<void> {
  const { dynamodb } = aws.clients;
  await deleteItem(dynamodb, networkKey, { when: 'attribute_exists(#kind)', values: {} });
  if (network) await putItem(dynamodb, networkKey, { format: 2, ...network });
}
