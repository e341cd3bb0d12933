import * as v from 'valibot';
import { deleteItem, type Key, putItem, readItems } from '../../aws/records/table.ts';
import type { Operation } from '../../core/operation.ts';
import { holderPackage } from '../harness/holders.ts';
import { type TestAccount, testAccount } from './account.ts';
import { instanceType, publicKey } from './documents.ts';

const networkKey: Key = { kind: 'network', id: 'network' };

/** An account in which Recode has its table, and the network as given; null for none. */
export async function installed(network: Record<string, unknown> | null = { status: 'creating' }): Promise<TestAccount> {
  const account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
  if (network) await putItem(account.dynamodb, networkKey, { installation: 'installation-1', ...network });
  return account;
}

/** The input of BeginOperation in an execution of a start, as the workflow makes it. */
export function begin(operation: Operation, fields: { owner?: string; repository?: string; request?: object; instanceType?: object } = {}) {
  const { kind, executionArn, startedAt } = operation;
  return {
    environment: { owner: fields.owner ?? 'alice', repository: fields.repository ?? 'acme/api' },
    request: fields.request ?? { publicKey: publicKey() },
    instanceType: fields.instanceType ?? instanceType,
    operation: { kind, executionArn, startedAt },
  };
}

/** The environments by the names that they have claimed. */
export async function claims({ dynamodb }: TestAccount): Promise<Record<string, string>> {
  const items = await readItems(dynamodb, 'name', v.object({ id: v.string(), environment: v.string() }));
  return Object.fromEntries(items.map(({ id, environment }) => [id, environment]));
}

/** Does something between the step's next write of this kind and its call after that. */
export function afterWrite({ dynamodb }: TestAccount, command: string, what: () => Promise<unknown>): void {
  let done = false;
  dynamodb.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (context.commandName === command && !done) {
        done = true;
        await what();
      }
      return answer;
    },
    { step: 'initialize' },
  );
}

/** Replaces the record of the network as somebody else would; undefined deletes it. */
export async function replaceNetwork({ aws }: TestAccount, network: Record<string, unknown> | undefined): Promise<void> {
  const { dynamodb } = aws.clients;
  await deleteItem(dynamodb, networkKey, { when: 'attribute_exists(#kind)', values: {} });
  if (network) await putItem(dynamodb, networkKey, network);
}
