import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { RecodeError } from '../../core/errors.ts';
import { Network, type NetworkIds } from '../../core/network.ts';
import type { Operation } from '../../core/operation.ts';
import { askHolder, mine } from './holder.ts';
import { putItem, readItem, updateItem } from './table.ts';

const key = { kind: 'network', id: 'network' } as const;

/** The network as recorded; undefined before the first start in the region. Throws RecodeNotInstalled without a table. */
export function readNetwork(dynamodb: DynamoDBClient): Promise<Network | undefined> {
  return readItem(dynamodb, key, Network);
}

/** The network as recorded, after making its record under a fresh installation where there is none. */
export async function readOrPutNetwork(dynamodb: DynamoDBClient): Promise<Network> {
  for (;;) {
    const network = await readNetwork(dynamodb);
    if (network) return network;
    await putItem(dynamodb, key, { status: 'creating', installation: randomUUID() });
  }
}

/**
 * Takes the network for making it, or finds it ready.
 *
 * @throws RecodeError NetworkBusy while another execution makes it or uninstalls it
 */
export async function claimNetwork(dynamodb: DynamoDBClient, sfn: SFNClient, operation: Operation, now: number): Promise<Network> {
  const network = await readNetwork(dynamodb);
  if (!network) throw new RecodeError('LockLost', 'The record of the network is gone: Recode was uninstalled meanwhile.');
  if (network.status === 'ready') return network;
  const holder = network.operation;
  const held = holder !== undefined && holder.executionArn !== operation.executionArn;
  if (held && (await askHolder(sfn, holder, now)) !== 'closed') {
    throw new RecodeError('NetworkBusy', `The network is held by a ${holder.kind} that ${holder.owner} began at ${holder.startedAt}.`);
  }
  // A network found deleting here belongs to an uninstall that died before it refused: this environment was there before its query.
  const status = network.status === 'deleting' ? network.before : 'creating';
  const claimed = await updateItem(
    dynamodb,
    key,
    {
      set: { status, ...(status === 'creating' && { operation }) },
      remove: [...(network.status === 'deleting' ? ['before'] : []), ...(status === 'ready' ? ['operation'] : [])],
      when: `#installation = :installation AND #status = :seen AND (${holder ? '#operation.#executionArn = :holder' : 'attribute_not_exists(#operation)'} OR ${mine})`,
      values: {
        ':installation': network.installation,
        ':seen': network.status,
        ':me': operation.executionArn,
        ...(holder && { ':holder': holder.executionArn }),
      },
    },
    Network,
  );
  if (!claimed) throw new RecodeError('NetworkBusy', 'Another execution has just taken the network.');
  return claimed;
}

/**
 * Records the network that this execution has made, and lets go of it.
 *
 * @throws RecodeError LockLost when another execution holds it
 */
export async function recordNetwork(dynamodb: DynamoDBClient, operation: Operation, ids: NetworkIds): Promise<Network> {
  const recorded = await updateItem(
    dynamodb,
    key,
    { set: { status: 'ready', ids }, remove: ['operation'], when: mine, values: { ':me': operation.executionArn } },
    Network,
  );
  const network = recorded ?? (await readNetwork(dynamodb));
  // Not ours any more, but ready with these ids: this step's own earlier attempt recorded it.
  if (network?.status === 'ready' && network.ids.vpcId === ids.vpcId) return network;
  throw new RecodeError('LockLost', 'Another execution has taken the network over.');
}

/** Lets go of the network if this execution holds it. */
export async function releaseNetwork(dynamodb: DynamoDBClient, operation: Operation): Promise<void> {
  await updateItem(dynamodb, key, { set: {}, remove: ['operation'], when: mine, values: { ':me': operation.executionArn } }, Network);
}
