import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { OwnerHours } from '../../../core/hours.ts';
import { type Found, type Key, readItem, readItems } from './table.ts';

/** The key of an owner's hours. */
export const hoursKey = (owner: string): Key => ({ kind: 'hours', id: owner });

/**
 * The hours of an owner; undefined where there is no cap, or before the owner's first start with one.
 *
 * @throws RecodeError RecodeNotInstalled without a table, RecordDamaged, RecordNewerThanCli
 */
export function readHours(dynamodb: DynamoDBClient, owner: string): Promise<OwnerHours | undefined> {
  return readItem(dynamodb, hoursKey(owner), OwnerHours);
}

/** The hours of all owners. Throws RecodeNotInstalled without a table. */
export function readAllHours(dynamodb: DynamoDBClient): Promise<Found<OwnerHours>> {
  return readItems(dynamodb, 'hours', OwnerHours);
}
