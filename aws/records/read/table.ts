import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  type KeysAndAttributes,
  paginateQuery,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { RecodeError } from '../../../core/errors.ts';
import { currentFormat } from '../../../core/format-1.ts';
import { tableName } from '../../../core/names.ts';
import { meaningOf } from '../../errors.ts';

/** Typed reads of the one table. */

export interface Key {
  readonly kind: 'network' | 'environment' | 'name' | 'prices' | 'hours';
  readonly id: string;
}

export interface Condition {
  /** A condition expression; attributes are written `#name`, values `:name`. */
  readonly when: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** An item as it is in the table. */
export type Attributes = Readonly<Record<string, unknown>>;

/**
 * Reads an item as it is now; undefined if there is none.
 *
 * @throws RecodeError RecodeNotInstalled when there is no table
 */
export async function readItem<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  key: Key,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  const attributes = await readAttributes(dynamodb, key);
  return attributes && parse(key, schema, attributes);
}

/** The same without a schema. */
export async function readAttributes(dynamodb: DynamoDBClient, key: Key): Promise<Attributes | undefined> {
  const answer = await orNotInstalled(
    dynamodb.send(new GetItemCommand({ TableName: tableName, Key: marshall(key), ConsistentRead: true })),
  );
  return answer.Item && unmarshall(answer.Item);
}

/** What a read of many items has found. */
export interface Found<Item> {
  readonly items: Item[];
  /** Why each of the others cannot be read: RecordDamaged or RecordNewerThanCli. */
  readonly unreadable: RecodeError[];
}

/** Reads all items of a kind, or those whose id begins with a text. */
export async function readItems<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  idPrefix?: string,
): Promise<Found<v.InferOutput<Schema>>> {
  const found: Found<v.InferOutput<Schema>> = { items: [], unreadable: [] };
  for await (const { items, unreadable } of readPages(dynamodb, kind, schema, { idPrefix })) {
    found.items.push(...items);
    found.unreadable.push(...unreadable);
  }
  return found;
}

/**
 * The same page after page, so that not all have to be in memory. While one is used, the next is read.
 *
 * @param attributes the only ones to read, besides the id
 */
export async function* readPages<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  { idPrefix, attributes }: { idPrefix?: string | undefined; attributes?: readonly string[] },
): AsyncGenerator<Found<v.InferOutput<Schema>>> {
  const which = idPrefix === undefined ? '#kind = :kind' : '#kind = :kind AND begins_with(#id, :prefix)';
  const shown = attributes && ['#id', ...attributes.map((name) => `#${name}`)].join(', ');
  const pages = paginateQuery(
    { client: dynamodb },
    {
      TableName: tableName,
      KeyConditionExpression: which,
      ...(shown && { ProjectionExpression: shown }),
      ...expressions([which, ...(shown ? [shown] : [])], { ':kind': kind, ...(idPrefix !== undefined && { ':prefix': idPrefix }) }),
      ConsistentRead: true,
    },
  );
  for await (const { Items = [] } of oneAhead(notInstalledIn(pages))) {
    const found: Found<v.InferOutput<Schema>> = { items: [], unreadable: [] };
    for (const item of Items) add(found, kind, schema, unmarshall(item));
    yield found;
  }
}

/**
 * Reads one page of the items of a kind, in the order of their ids.
 *
 * @param after the id after which it begins
 * @returns what it has found, and after which id the next page begins; undefined at the end
 */
export async function readPage<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  { after, most }: { readonly after: string | undefined; readonly most: number },
): Promise<Found<v.InferOutput<Schema>> & { readonly next: string | undefined }> {
  const which = '#kind = :kind';
  const query = new QueryCommand({
    TableName: tableName,
    KeyConditionExpression: which,
    ...expressions([which], { ':kind': kind }),
    ConsistentRead: true,
    Limit: most,
    ExclusiveStartKey: after === undefined ? undefined : marshall({ kind, id: after }),
  });
  const { Items = [], LastEvaluatedKey } = await orNotInstalled(dynamodb.send(query));
  const found: Found<v.InferOutput<Schema>> = { items: [], unreadable: [] };
  for (const item of Items) add(found, kind, schema, unmarshall(item));
  return { ...found, next: LastEvaluatedKey && String(unmarshall(LastEvaluatedKey).id) };
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const mostKeys = 100;

/**
 * Reads the items of a kind that have one of these ids, by id; of each the named attributes alone. They may be a moment old, for half the price.
 *
 * @throws RecodeError RecodeNotInstalled when there is no table, RecordDamaged
 */
export async function readByIds<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  { ids, attributes }: { readonly ids: readonly string[]; readonly attributes: readonly string[] },
): Promise<ReadonlyMap<string, v.InferOutput<Schema>>> {
  const found = new Map<string, v.InferOutput<Schema>>();
  const different = [...new Set(ids)];
  const shown = ['#id', ...attributes].join(', ');
  for (let at = 0; at < different.length; at += mostKeys) {
    const Keys = different.slice(at, at + mostKeys).map((id) => marshall({ kind, id }));
    let asked: Record<string, KeysAndAttributes> = { [tableName]: { Keys, ProjectionExpression: shown, ...expressions([shown], {}) } };
    while (Object.keys(asked).length > 0) {
      const { Responses, UnprocessedKeys = {} } = await orNotInstalled(dynamodb.send(new BatchGetItemCommand({ RequestItems: asked })));
      for (const item of Responses?.[tableName] ?? []) {
        const attributes = unmarshall(item);
        const id = String(attributes.id);
        found.set(id, parse({ kind, id }, schema, attributes));
      }
      asked = UnprocessedKeys;
    }
  }
  return found;
}

/** Which items a search reads, and which of those it returns. */
export interface Search extends Condition {
  /** The index that it reads, and the condition on the index's key. Without it, the whole kind is read in the order of ids. */
  readonly index?: { readonly name: string; readonly key: string } | undefined;
  /** The key of the item after which it begins, with the index's. */
  readonly after?: object | undefined;
  readonly most: number;
  /** Written as in a condition. */
  readonly attributes: readonly string[];
}

/**
 * Reads up to `most` items of a kind that meet the condition, in their order; of each the named attributes alone. They may be a moment old, for
 * half the price.
 */
export async function searchItems<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  { index, when, values, after, most, attributes }: Search,
): Promise<Found<v.InferOutput<Schema>>> {
  const which = index ? `#kind = :kind AND ${index.key}` : '#kind = :kind';
  const shown = ['#id', ...attributes].join(', ');
  const pages = paginateQuery(
    { client: dynamodb, startingToken: after && marshall({ kind, ...after }) },
    {
      TableName: tableName,
      IndexName: index?.name,
      KeyConditionExpression: which,
      FilterExpression: when,
      ProjectionExpression: shown,
      ...expressions([which, when, shown], { ...values, ':kind': kind }),
    },
  );
  const found: Found<v.InferOutput<Schema>> = { items: [], unreadable: [] };
  for await (const { Items = [] } of notInstalledIn(pages)) {
    for (const item of Items) add(found, kind, schema, unmarshall(item));
    if (found.items.length >= most) break;
  }
  return { ...found, items: found.items.slice(0, most) };
}

function add<Schema extends v.GenericSchema>(
  { items, unreadable }: Found<v.InferOutput<Schema>>,
  kind: Key['kind'],
  schema: Schema,
  attributes: Attributes,
): void {
  try {
    items.push(parse({ kind, id: String(attributes.id) }, schema, attributes));
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    unreadable.push(error);
  }
}

// Every attribute is written #name, because many of ours (name, status, owner, …) are reserved words.
export function expressions(texts: readonly string[], values: Readonly<Record<string, unknown>>) {
  const names = new Set(texts.flatMap((text) => text.match(/#\w+/g) ?? []));
  return {
    ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [name, name.slice(1)])),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }) }),
  };
}

/** Reads or writes if Recode is installed: undefined without a table. */
export async function ifInstalled<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RecodeError && error.name === 'RecodeNotInstalled') return undefined;
    throw error;
  }
}

/** Makes a call about the table. Throws RecodeNotInstalled without a table, NameOwnedElsewhere if it is not Recode's. */
export async function orNotInstalled<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    const meaning = meaningOf(error);
    if (meaning === 'no-table') throw notInstalled();
    if (meaning !== 'other-table') throw error;
    throw new RecodeError('NameOwnedElsewhere', `The table ${tableName} does not belong to Recode: it has different keys.`, {
      cause: error,
    });
  }
}

async function* notInstalledIn<Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const next = await orNotInstalled(iterator.next());
    if (next.done) return;
    yield next.value;
  }
}

/** Asks for the next value before one is used. */
async function* oneAhead<Value>(values: AsyncGenerator<Value>): AsyncGenerator<Value> {
  let next = values.next();
  for (;;) {
    const { done, value } = await next;
    if (done) return;
    next = values.next();
    // Whoever wants no more of them does not see why there is no other.
    next.catch(() => {});
    yield value;
  }
}

const notInstalled = () => new RecodeError('RecodeNotInstalled', `There is no table ${tableName} in this region.`);

/**
 * Parses an item.
 *
 * @throws RecodeError RecordDamaged naming the item and its first invalid field, RecordNewerThanCli if a newer version wrote it
 */
export function parse<Schema extends v.GenericSchema>(key: Key, schema: Schema, item: Attributes): v.InferOutput<Schema> {
  const named = `The item ${key.kind} ${key.id} of the table ${tableName}`;
  if (typeof item.format === 'number' && item.format > currentFormat) {
    throw new RecodeError(
      'RecordNewerThanCli',
      `${named} has the format ${item.format}. This version reads formats up to ${currentFormat}.`,
    );
  }
  const parsed = v.safeParse(schema, item);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new RecodeError('RecordDamaged', `${named} is damaged: ${v.getDotPath(issue) ?? 'the item'}: ${issue.message}.`);
}
