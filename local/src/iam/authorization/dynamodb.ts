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

/** The needs of a request to DynamoDB. None for a malformed or unsupported request, which DynamoDB refuses itself. */
export function needsOfDynamoDb(action: string, request: AwsRequest, accountId: string): Need[] {
  const input = jsonOf(request);
  const tables = isDynamoDbActionKnown(action) ? tablesByAction[action]?.(input) : undefined;
  const tags = tagsOf(input);
  const need = (name: string, table: string): Need => ({
    action: `dynamodb:${name}`,
    resource: table.startsWith('arn:') ? table : `arn:aws:dynamodb:${request.region}:${accountId}:table/${table}`,
    keys: keysOf({ requestTags: tags }),
  });
  return (tables ?? [])
    .filter((table) => typeof table === 'string')
    .flatMap((table) => [need(action, table), ...(action === 'CreateTable' && tags.length > 0 ? [need('TagResource', table)] : [])]);
}

/** Whether the needs of an action are known. */
export function isDynamoDbActionKnown(action: string): boolean {
  return Object.hasOwn(tablesByAction, action);
}

function tagsOf({ Tags, TagKeys }: Json): GivenTag[] {
  if (Array.isArray(TagKeys)) return TagKeys.map((Key) => ({ Key: String(Key) }));
  return Array.isArray(Tags) ? Tags.filter((tag) => typeof tag?.Key === 'string' && typeof tag.Value === 'string') : [];
}
