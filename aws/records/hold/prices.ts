import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RecordedPrices } from '../../../core/prices.ts';
import { pricesKey } from '../read/prices.ts';
import { putItem } from './table.ts';

/** Records the prices of the region, unless newer ones are recorded. Throws RecodeNotInstalled without a table. */
export async function writePrices(dynamodb: DynamoDBClient, prices: RecordedPrices): Promise<void> {
  await putItem(dynamodb, pricesKey, prices, { when: 'attribute_not_exists(#kind) OR #at <= :at', values: { ':at': prices.at } });
}
