import type { AwsRequest } from '../../service.ts';
import { keysOf } from '../keys.ts';
import type { Need } from '../policy.ts';
import { type Json, jsonOf } from './json.ts';
import type { GivenTag } from './subject.ts';

type TablesOf = (input: Json) => readonly unknown[];

const ofTable: TablesOf = ({ TableName }) => [TableName];
const ofTableOrIndex: TablesOf = ({ TableName, IndexName }) => [IndexName === undefined ? TableName : `${TableName}/index/${IndexName}`];
const ofEachTable: TablesOf = ({ RequestItems }) => (typeof RequestItems === 'object' && RequestItems ? Object.keys(RequestItems) : []);
const ofArn: TablesOf = ({ ResourceArn }) => [ResourceArn];

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
const tablesByAction: Readonly<Record<string, TablesOf>> = {
  CreateTable: ofTable,
  DescribeTable: ofTable,
  DeleteTable: ofTable,
  DescribeTimeToLive: ofTable,
  GetItem: ofTable,
  PutItem: ofTable,
  UpdateItem: ofTable,
  DeleteItem: ofTable,
  Query: ofTableOrIndex,
  Scan: ofTableOrIndex,
  BatchGetItem: ofEachTable,
  BatchWriteItem: ofEachTable,
  TagResource: ofArn,
  UntagResource: ofArn,
  ListTagsOfResource: ofArn,
  ListTables: () => ['*'],
};

/** The name of the partition key of a table; undefined if the table does not exist. */
export type PartitionKeyOf = (table: string) => Promise<string | undefined>;

/** The needs of a request to DynamoDB. None for a malformed or unsupported request, which DynamoDB refuses itself. */
export async function needsOfDynamoDb(
  action: string,
  request: AwsRequest,
  accountId: string,
  partitionKeyOf: PartitionKeyOf,
): Promise<Need[]> {
  const input = jsonOf(request);
  const tables = isDynamoDbActionKnown(action) ? tablesByAction[action]?.(input) : undefined;
  const tags = tagsOf(input);
  const partitionKey =
    typeof input.TableName === 'string' ? await partitionKeyOf(input.TableName.replace(/^arn:.*:table\//, '')) : undefined;
  const leadingKeys = partitionKey === undefined ? undefined : leadingKeysOf(action, input, partitionKey);
  const need = (name: string, table: string): Need => ({
    action: `dynamodb:${name}`,
    resource: table.startsWith('arn:') ? table : `arn:aws:dynamodb:${request.region}:${accountId}:table/${table}`,
    keys: keysOf({ requestTags: tags, leadingKeys }),
  });
  return (tables ?? [])
    .filter((table) => typeof table === 'string')
    .flatMap((table) => [need(action, table), ...(action === 'CreateTable' && tags.length > 0 ? [need('TagResource', table)] : [])]);
}

/** Whether the needs of an action are known. */
export function isDynamoDbActionKnown(action: string): boolean {
  return Object.hasOwn(tablesByAction, action);
}

/**
 * The values of the partition key that a request names; undefined for an action without them, and for a query of another attribute. The keys
 * of a BatchGetItem or BatchWriteItem are not read here: nobody may use them with such a condition.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
function leadingKeysOf(action: string, input: Json, partitionKey: string): string[] | undefined {
  if (['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].includes(action)) return [textIn(field(input.Key ?? input.Item, partitionKey))];
  if (action === 'BatchGetItem' || action === 'BatchWriteItem') return [''];
  if (action !== 'Query') return undefined;
  const name = escaped(placeholderOf(input, partitionKey));
  const [, value = ''] = new RegExp(`(?:^|[\\s(])${name}\\s*=\\s*(:\\w+)`).exec(String(input.KeyConditionExpression)) ?? [];
  return [textIn(field(input.ExpressionAttributeValues, value))];
}

/** What stands for an attribute in the expressions of a request: its placeholder, if it has one. */
function placeholderOf({ ExpressionAttributeNames: names }: Json, attribute: string): string {
  return Object.entries((names ?? {}) as Json).find(([, name]) => name === attribute)?.[0] ?? attribute;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const field = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Json)[name] : undefined);

/** The text of an attribute value; empty, which no key is, for one of another type. */
function textIn(value: unknown): string {
  const text = field(value, 'S');
  return typeof text === 'string' ? text : '';
}

function tagsOf({ Tags, TagKeys }: Json): GivenTag[] {
  if (Array.isArray(TagKeys)) return TagKeys.map((Key) => ({ Key: String(Key) }));
  return Array.isArray(Tags) ? Tags.filter((tag) => typeof tag?.Key === 'string' && typeof tag.Value === 'string') : [];
}
