import { DeleteItemCommand, type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { tableName } from '../../../core/names.ts';
import { unless } from '../../errors.ts';
import { type Attributes, type Condition, expressions, type Key, orNotInstalled } from '../read/table.ts';

/** Conditional writes of single items of the table. */

export interface Change {
  /** By attribute; `wanted.power` is the one inside another. */
  readonly set: Readonly<Record<string, unknown>>;
  /** What to add at the end of lists, by attribute. A list that is not there is made. */
  readonly append?: Readonly<Record<string, readonly unknown[]>> | undefined;
  /** `list[0]` is an element of a list. */
  readonly remove?: readonly string[] | undefined;
}

/** Puts an item that is not there yet, or that meets the condition. Returns whether it did. */
export async function putItem(dynamodb: DynamoDBClient, key: Key, attributes: Attributes, condition?: Condition): Promise<boolean> {
  const { when, values } = condition ?? { when: 'attribute_not_exists(#kind)', values: {} };
  const command = new PutItemCommand({
    TableName: tableName,
    Item: marshall({ ...attributes, ...key }, { removeUndefinedValues: true }),
    ConditionExpression: when,
    ...expressions([when], values),
  });
  return (await unless('condition-failed', orNotInstalled(dynamodb.send(command)))) !== undefined;
}

/** Changes an item that meets the condition. Returns it as it is then, or undefined if it does not meet it. */
export async function updateItem(dynamodb: DynamoDBClient, key: Key, change: Change & Condition): Promise<Attributes | undefined> {
  const { append = {} } = change;
  const appending = Object.keys(append).map(
    (path) => `${nameOf(path)} = list_append(if_not_exists(${nameOf(path)}, :nothing), ${placeholderOf(path)})`,
  );
  const set = [...Object.keys(change.set).map((path) => `${nameOf(path)} = ${placeholderOf(path)}`), ...appending];
  const remove = (change.remove ?? []).map(nameOf);
  const update = [set.length > 0 ? `SET ${set.join(', ')}` : '', remove.length > 0 ? `REMOVE ${remove.join(', ')}` : ''].join(' ').trim();
  const setValues = {
    ...Object.fromEntries(Object.entries({ ...change.set, ...append }).map(([path, value]) => [placeholderOf(path), value])),
    ...(appending.length > 0 && { ':nothing': [] }),
  };
  const command = new UpdateItemCommand({
    TableName: tableName,
    Key: marshall(key),
    UpdateExpression: update,
    ConditionExpression: change.when,
    ...expressions([update, change.when], { ...change.values, ...setValues }),
    ReturnValues: 'ALL_NEW',
  });
  const answer = await unless('condition-failed', orNotInstalled(dynamodb.send(command)));
  return answer?.Attributes && unmarshall(answer.Attributes);
}

const nameOf = (path: string) =>
  path
    .split('.')
    .map((name) => `#${name}`)
    .join('.');
const placeholderOf = (path: string) => `:${path.replaceAll('.', '_')}`;

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
