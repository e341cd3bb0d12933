import { randomUUID } from 'node:crypto';
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { RecodeError } from '../../../core/errors.ts';
import { RecordedNetwork } from '../../../core/format-1.ts';
import { holderOf, isHeldBy, quietUntilOf } from '../../../core/lock.ts';
import { tableName } from '../../../core/names.ts';
import type { Network, NetworkIds, ReadyNetwork } from '../../../core/network.ts';
import { type Holder, type Operation, settleSeconds } from '../../../core/operation.ts';
import { unless } from '../../errors.ts';
import { networkKey as key, readNetwork } from '../read/network.ts';
import { type Condition, parse } from '../read/table.ts';
import { current, written } from './format.ts';
import { askHolder, atWork, lockAsRead, mine, refuseRunning, refuseSettling, settling } from './holder.ts';
import { type Change, putItem, updateItem } from './table.ts';

const subject = 'the network';

/** Reads the network. If there is no record of it, makes one under a new installation. */
export async function readOrPutNetwork(dynamodb: DynamoDBClient): Promise<Network> {
  for (;;) {
    const network = await readNetwork(dynamodb);
    if (network) return network;
    const fresh: Network = { format: 2, status: 'creating', installation: randomUUID() };
    await putItem(dynamodb, key, fresh);
  }
}

/**
 * The network, for a start. Undoes the mark of an uninstall that died.
 *
 * @throws RecodeError UninstallInProgress while an uninstall runs, OperationSettling until the last Lambda of a dead one must be dead
 */
export async function networkToEnter(dynamodb: DynamoDBClient, sfn: SFNClient, now: number): Promise<Network> {
  const network = await readOrPutNetwork(dynamodb);
  if (network.status !== 'deleting') return network;
  const holder = holderOf(network);
  const verdict = holder ? await askHolder(sfn, holder, now) : 'closed';
  if (verdict === 'held') throw uninstallInProgress();
  refuseSettling({ subject, verdict, quietUntil: quietUntilOf(network), now });
  await refuseDyingTable(dynamodb);
  // Another start may have restored it, or another uninstall taken it: the state machine retries, and reads which.
  if (!(await restore(dynamodb, network))) throw settling(subject);
  return networkToEnter(dynamodb, sfn, now);
}

/** The refusal of a start while an uninstall runs. */
export const uninstallInProgress = () => new RecodeError('UninstallInProgress', 'Recode is being uninstalled from this region.');

/**
 * Takes the network to create it, or finds it ready.
 *
 * @throws RecodeError NetworkBusy while another execution creates it or uninstalls it
 */
export async function takeNetworkToCreate(dynamodb: DynamoDBClient, sfn: SFNClient, operation: Operation, now: number): Promise<Network> {
  const network = await readNetwork(dynamodb);
  if (!network) throw new RecodeError('LockLost', 'The record of the network is gone: Recode was uninstalled in the meantime.');
  if (network.status === 'ready') return network;
  if (isHeldBy(network, operation)) return network;
  const holder = holderOf(network);
  if (now < (quietUntilOf(network) ?? 0)) throw busy('Its last operation failed moments ago; its last calls may still be running.');
  if (holder && (await askHolder(sfn, holder, now)) !== 'closed') {
    throw busy(atWork('it', holder));
  }
  // A network found deleting here belongs to an uninstall that died before it refused: this environment was there before its query.
  if (network.status === 'deleting') {
    if (!(await restore(dynamodb, network))) throw busy('Another execution has just locked it.');
    return takeNetworkToCreate(dynamodb, sfn, operation, now);
  }
  const claimed = await take(dynamodb, network, operation, { status: 'creating' });
  if (!claimed) throw busy('Another execution has just locked it.');
  return claimed;
}

/**
 * Takes the network to create its missing parts again. While it is ready, starts go on to use it: they create none of these parts. An
 * uninstall, or another repair, waits.
 *
 * @throws RecodeError UninstallInProgress, NetworkBusy, OperationInProgress while another execution holds it, OperationSettling until its last
 *   Lambda must be dead
 */
export async function takeNetworkToRepair(dynamodb: DynamoDBClient, sfn: SFNClient, operation: Operation, now: number): Promise<Network> {
  const network = await networkToEnter(dynamodb, sfn, now);
  if (isHeldBy(network, operation)) return network;
  if (network.status !== 'ready') {
    const claimed = await takeNetworkToCreate(dynamodb, sfn, operation, now);
    if (claimed.status === 'ready') throw settling(subject);
    return claimed;
  }
  const holder = holderOf(network);
  const verdict = await refuseRunning(sfn, { subject, holder, now });
  refuseSettling({ subject, verdict, quietUntil: quietUntilOf(network), now });
  const taken = await take(dynamodb, network, operation, {});
  if (!taken) throw settling(subject);
  return taken;
}

/**
 * Has the next start create the network again, whose VPC or subnet is gone: it is incomplete, as after a failed first start.
 *
 * @returns whether it was still what was read, and free
 */
export async function reopenNetwork(dynamodb: DynamoDBClient, network: ReadyNetwork): Promise<boolean> {
  if (network.lock) return false;
  return (await update(dynamodb, { set: { status: 'creating' }, remove: ['ids'], ...asRead(network) })) !== undefined;
}

/**
 * Records the network that this execution has created, and releases it.
 *
 * @throws RecodeError LockLost when another execution holds it
 */
export async function releaseReadyNetwork(dynamodb: DynamoDBClient, operation: Operation, ids: NetworkIds): Promise<ReadyNetwork> {
  const recorded = await change(dynamodb, operation, { set: { status: 'ready', ids }, remove: ['lock'] });
  const network = recorded ?? (await readNetwork(dynamodb));
  // No longer ours, but ready with these ids: an earlier attempt of this step recorded it.
  if (network?.status === 'ready' && network.ids.vpcId === ids.vpcId) return network;
  // An uninstall has marked it since; it will find this execution's environment, refuse, and take its mark away.
  if (network?.status === 'deleting' && network.ids?.vpcId === ids.vpcId) throw busy('An uninstall has just marked it.');
  throw lockLost();
}

/**
 * Takes the network to uninstall it, so that no start enters. Makes its record if there is none: a start may be about to.
 *
 * @throws RecodeError OperationInProgress while another operation runs, OperationSettling until its last Lambda must be dead
 */
export async function takeNetworkToUninstall(
  dynamodb: DynamoDBClient,
  sfn: SFNClient,
  operation: Operation,
  now: number,
): Promise<Network> {
  const network = await readOrPutNetwork(dynamodb);
  if (isHeldBy(network, operation)) return network;
  const holder = holderOf(network);
  const verdict = await refuseRunning(sfn, { subject, holder, now });
  refuseSettling({ subject, verdict, quietUntil: quietUntilOf(network), now });
  if (network.status === 'deleting') await refuseDyingTable(dynamodb);
  const before = network.status === 'deleting' ? network.before : network.status;
  const taken = await take(dynamodb, network, operation, { status: 'deleting', before });
  if (!taken) throw settling(subject);
  return taken;
}

/**
 * Records that the first deletion is about to begin: whatever happens from now on, the network is incomplete.
 *
 * @throws RecodeError LockLost when another execution holds it
 */
export async function beginDeletion(dynamodb: DynamoDBClient, operation: Operation): Promise<void> {
  if (!(await change(dynamodb, operation, { set: { before: 'creating' }, remove: ['ids'] }))) throw lockLost();
}

/** Releases the network after a failure, if this execution holds it. After an uninstall, it is what it was before. */
export async function releaseNetwork(dynamodb: DynamoDBClient, operation: Holder, now: number): Promise<void> {
  const network = await readNetwork(dynamodb);
  if (!network || !isHeldBy(network, operation)) return;
  // The table is being deleted, and the lock with it.
  if (network.status === 'deleting' && network.before === 'creating' && (await isDying(dynamodb))) return;
  const status = network.status === 'deleting' ? network.before : network.status;
  const lock = { quietUntil: now + settleSeconds * 1000 };
  await change(
    dynamodb,
    operation,
    status === 'creating' ? { set: { status, lock }, remove: ['before'] } : { set: { status }, remove: ['before', 'lock'] },
  );
}

/** Undoes the mark of an uninstall that died. Returns undefined if that uninstall no longer holds the network. */
function restore(dynamodb: DynamoDBClient, network: Network & { status: 'deleting' }): Promise<Network | undefined> {
  return update(dynamodb, { set: { status: network.before }, remove: ['before', 'lock'], ...asRead(network) });
}

function take(
  dynamodb: DynamoDBClient,
  network: Network,
  operation: Operation,
  set: Readonly<Record<string, unknown>>,
): Promise<Network | undefined> {
  const { when, values } = asRead(network);
  return update(dynamodb, {
    set: { ...set, lock: operation },
    when: `(${when}) OR ${mine}`,
    values: { ...values, ':me': operation.executionArn },
  });
}

/** Changes the network. Returns undefined if this operation does not hold it. */
function change(dynamodb: DynamoDBClient, { executionArn }: Holder, change: Change): Promise<Network | undefined> {
  return update(dynamodb, { ...change, when: mine, values: { ':me': executionArn } });
}

async function update(dynamodb: DynamoDBClient, change: Change & Condition): Promise<Network | undefined> {
  const updated = await written(dynamodb, key, () => updateItem(dynamodb, key, change));
  return updated && parse(key, RecordedNetwork, updated);
}

/** The condition that the network is still what was read, in the same installation. */
function asRead({ installation, status, lock }: Network): Condition {
  const locked = lockAsRead(lock);
  return {
    when: `${current.when} AND #installation = :installation AND #status = :seen AND ${locked.when}`,
    values: { ...current.values, ...locked.values, ':installation': installation, ':seen': status },
  };
}

/** DynamoDB may still serve a table that it deletes: no operation uses it. Throws TableStillDeleting. */
async function refuseDyingTable(dynamodb: DynamoDBClient): Promise<void> {
  if (await isDying(dynamodb)) throw new RecodeError('TableStillDeleting', `The table ${tableName} is being deleted.`);
}

async function isDying(dynamodb: DynamoDBClient): Promise<boolean> {
  const described = await unless('no-table', dynamodb.send(new DescribeTableCommand({ TableName: tableName })));
  return described?.Table?.TableStatus === 'DELETING';
}

const busy = (message: string) => new RecodeError('NetworkBusy', `The network is locked. ${message}`);
const lockLost = () => new RecodeError('LockLost', 'Another execution has taken the network over.');
