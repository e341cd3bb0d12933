import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { RecodeError } from '../../core/errors.ts';
import { tableName } from '../../core/names.ts';
import { meaningOf, unless } from '../errors.ts';

/** Typed access to the one table: consistent reads and conditional writes of single items, which is all that the protocol builds on. */

export interface Key {
  readonly kind: 'network' | 'environment' | 'name';
  readonly id: string;
}

export interface Condition {
  /** A condition expression; attributes are written `#name`, values `:name`. */
  readonly when: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Change extends Condition {
  readonly set: Readonly<Record<string, unknown>>;
  readonly remove?: readonly string[];
}

/**
 * Reads an item as it is now; undefined when there is none.
 *
 * @throws RecodeError RecodeNotInstalled when there is no table
 */
export async function readItem<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  key: Key,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  const answer = await orNotInstalled(
    dynamodb.send(new GetItemCommand({ TableName: tableName, Key: marshall(key), ConsistentRead: true })),
  );
  return answer.Item && parse(key, schema, unmarshall(answer.Item));
}

/** Reads all items of a kind, or those of them whose id begins with a text, page after page. */
export async function readItems<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  idPrefix?: string,
): Promise<v.InferOutput<Schema>[]> {
  const which = idPrefix === undefined ? '#kind = :kind' : '#kind = :kind AND begins_with(#id, :prefix)';
  const pages = paginateQuery(
    { client: dynamodb },
    {
      TableName: tableName,
      KeyConditionExpression: which,
      ...expressions([which], { ':kind': kind, ...(idPrefix !== undefined && { ':prefix': idPrefix }) }),
      ConsistentRead: true,
    },
  );
  const items: v.InferOutput<Schema>[] = [];
  for await (const { Items = [] } of notInstalledIn(pages)) {
    for (const item of Items) {
      const plain = unmarshall(item);
      items.push(parse({ kind, id: String(plain.id) }, schema, plain));
    }
  }
  return items;
}

/**
 * Reads so many items of a kind at most that meet the condition, in the order of their ids, beginning after one; of each the named attributes
 * alone. They may be a moment old, for half the price.
 */
export async function searchItems<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  kind: Key['kind'],
  schema: Schema,
  { when, values, after, most, attributes }: Condition & { after: string | undefined; most: number; attributes: readonly string[] },
): Promise<v.InferOutput<Schema>[]> {
  const which = after === undefined ? '#kind = :kind' : '#kind = :kind AND #id > :after';
  const shown = ['id', ...attributes].map((name) => `#${name}`).join(', ');
  const pages = paginateQuery(
    { client: dynamodb },
    {
      TableName: tableName,
      KeyConditionExpression: which,
      FilterExpression: when,
      ProjectionExpression: shown,
      ...expressions([which, when, shown], { ...values, ':kind': kind, ':after': after }),
    },
  );
  const items: v.InferOutput<Schema>[] = [];
  for await (const { Items = [] } of notInstalledIn(pages)) {
    for (const item of Items.map((each) => unmarshall(each))) items.push(parse({ kind, id: String(item.id) }, schema, item));
    if (items.length >= most) break;
  }
  return items.slice(0, most);
}

/** Puts an item that is not there yet, or that meets the condition. Returns whether it did. */
export async function putItem(
  dynamodb: DynamoDBClient,
  key: Key,
  attributes: Readonly<Record<string, unknown>>,
  condition?: Condition,
): Promise<boolean> {
  const { when, values } = condition ?? { when: 'attribute_not_exists(#kind)', values: {} };
  const command = new PutItemCommand({
    TableName: tableName,
    Item: marshall({ ...attributes, ...key }, { removeUndefinedValues: true }),
    ConditionExpression: when,
    ...expressions([when], values),
  });
  return (await unless('condition-failed', orNotInstalled(dynamodb.send(command)))) !== undefined;
}

/** Changes an item that meets the condition. Returns it as it is then, or undefined when it does not meet it. */
export async function updateItem<Schema extends v.GenericSchema>(
  dynamodb: DynamoDBClient,
  key: Key,
  change: Change,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  const set = Object.keys(change.set).map((name) => `#${name} = :${name}`);
  const remove = (change.remove ?? []).map((name) => `#${name}`);
  const update = [set.length > 0 ? `SET ${set.join(', ')}` : '', remove.length > 0 ? `REMOVE ${remove.join(', ')}` : ''].join(' ').trim();
  const setValues = Object.fromEntries(Object.entries(change.set).map(([name, value]) => [`:${name}`, value]));
  const command = new UpdateItemCommand({
    TableName: tableName,
    Key: marshall(key),
    UpdateExpression: update,
    ConditionExpression: change.when,
    ...expressions([update, change.when], { ...change.values, ...setValues }),
    ReturnValues: 'ALL_NEW',
  });
  const answer = await unless('condition-failed', orNotInstalled(dynamodb.send(command)));
  return answer?.Attributes && parse(key, schema, unmarshall(answer.Attributes));
}

/** Deletes an item that meets the condition. Returns whether it did. */
export async function deleteItem(dynamodb: DynamoDBClient, key: Key, { when, values }: Condition): Promise<boolean> {
  const command = new DeleteItemCommand({
    TableName: tableName,
    Key: marshall(key),
    ConditionExpression: when,
    ...expressions([when], values),
  });
  return (await unless('condition-failed', orNotInstalled(dynamodb.send(command)))) !== undefined;
}

// Every attribute is written #name, because many of ours (name, status, owner, …) are reserved words.
function expressions(texts: readonly string[], values: Readonly<Record<string, unknown>>) {
  const names = new Set(texts.flatMap((text) => text.match(/#\w+/g) ?? []));
  return {
    ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [name, name.slice(1)])),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }) }),
  };
}

/** Reads or writes where Recode may not be installed: undefined where there is no table. */
export async function ifInstalled<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RecodeError && error.name === 'RecodeNotInstalled') return undefined;
    throw error;
  }
}

async function orNotInstalled<Answer>(call: Promise<Answer>): Promise<Answer> {
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

const notInstalled = () => new RecodeError('RecodeNotInstalled', `There is no table ${tableName} in this region.`);

function parse<Schema extends v.GenericSchema>(key: Key, schema: Schema, item: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, item);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new RecodeError(
    'Unexpected',
    `The item ${key.kind} ${key.id} of the table is damaged: ${v.getDotPath(issue) ?? ''} ${issue.message}`,
  );
}
