import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RecordedPrices } from '../../../core/prices.ts';
import { type Key, readItem } from './table.ts';

/** The key of the recorded prices. */
export const pricesKey: Key = { kind: 'prices', id: 'prices' };

/**
 * The prices of the region as recorded; undefined before they are first read.
 *
 * @throws RecodeError RecodeNotInstalled without a table, RecordDamaged, RecordNewerThanCli
 */
export function readPrices(dynamodb: DynamoDBClient): Promise<RecordedPrices | undefined> {
  return readItem(dynamodb, pricesKey, RecordedPrices);
}
