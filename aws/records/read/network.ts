import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RecordedNetwork } from '../../../core/format-1.ts';
import type { Network } from '../../../core/network.ts';
import { type Key, readItem } from './table.ts';

/** The key of the network's record. */
export const networkKey: Key = { kind: 'network', id: 'network' };

/**
 * The network as recorded; undefined before the first start in the region.
 *
 * @throws RecodeError RecodeNotInstalled without a table, RecordDamaged, RecordNewerThanCli
 */
export function readNetwork(dynamodb: DynamoDBClient): Promise<Network | undefined> {
  return readItem(dynamodb, networkKey, RecordedNetwork);
}
