import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { type Key, readByIds, readItem, readPage } from './table.ts';

/** The claim of an environment on its name. */
export const Claim = v.object({
  /** The name. */
  id: v.string(),
  /** The id of the environment. */
  environment: v.string(),
  uid: v.optional(v.string()),
});
export type Claim = v.InferOutput<typeof Claim>;

/** The key of the claim on a name. */
export const claimKey = (name: string): Key => ({ kind: 'name', id: name });

/** One page of the claims in the order of the names. Throws RecodeNotInstalled without a table. */
export const readClaimPage = (dynamodb: DynamoDBClient, page: { readonly after: string | undefined; readonly most: number }) =>
  readPage(dynamodb, 'name', Claim, page);

/** The claims on some names, by name. They may be a moment old. Throws RecodeNotInstalled without a table, RecordDamaged. */
export const readClaims = (dynamodb: DynamoDBClient, names: readonly string[]) =>
  readByIds(dynamodb, 'name', Claim, { ids: names, attributes: ['#environment', '#uid'] });

/** The claim on a name; undefined if there is none. Throws RecodeNotInstalled without a table, RecordDamaged. */
export const readClaim = (dynamodb: DynamoDBClient, name: string) => readItem(dynamodb, claimKey(name), Claim);
