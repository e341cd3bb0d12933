import * as dynamodbModel from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { parametersOf } from '../../src/dynamodb/engine.ts';
import { isDynamoDbActionKnown, needsOfDynamoDb } from '../../src/iam/authorization/dynamodb.ts';
import { needsOfPricing } from '../../src/iam/authorization/pricing.ts';
import { needsOfStepFunctions } from '../../src/iam/authorization/step-functions.ts';
import type { AwsRequest } from '../../src/service.ts';
import { requests } from '../../src/step-functions/request.ts';
import { inLine } from './recorded.ts';

const accountId = '000000000000';
const request = (body: object | string): AwsRequest => ({
  id: 'id',
  method: 'POST',
  path: '/',
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  accessKeyId: 'alice',
  region: 'us-east-1',
});

const needsOf = (action: string, body: object | string) =>
  needsOfDynamoDb(action, request(body), accountId, async (table) => (table === 'orders' ? 'customer' : undefined));
const dynamoDb = async (action: string, body: object | string) => (await needsOf(action, body)).map(inLine);
const TableName = 'orders';
const ResourceArn = `arn:aws:dynamodb:us-east-1:${accountId}:table/orders`;
const tags = { Tags: [{ Key: 'team', Value: 'blue' }] };

it('knows the needs of each supported action of DynamoDB', () => {
  const actions = Object.keys(dynamodbModel).flatMap((name) => (/^[A-Z]\w+Command$/.test(name) ? name.replace(/Command$/, '') : []));
  const served = actions.filter((action) => parametersOf(action));
  expect(served.length).toBeGreaterThan(10);
  expect(served.filter((action) => !isDynamoDbActionKnown(action))).toEqual([]);
});

it.each<[string, object, string[]]>([
  ['CreateTable', { TableName }, ['dynamodb:CreateTable table/orders']],
  [
    'CreateTable',
    { TableName, ...tags },
    ['dynamodb:CreateTable table/orders aws:requesttag/team=blue', 'dynamodb:TagResource table/orders aws:requesttag/team=blue'],
  ],
  ['DescribeTable', { TableName }, ['dynamodb:DescribeTable table/orders']],
  ['DeleteTable', { TableName }, ['dynamodb:DeleteTable table/orders']],
  ['DescribeTimeToLive', { TableName }, ['dynamodb:DescribeTimeToLive table/orders']],
  ['GetItem', { TableName }, ['dynamodb:GetItem table/orders']],
  ['PutItem', { TableName: ResourceArn }, ['dynamodb:PutItem table/orders']],
  ['UpdateItem', { TableName }, ['dynamodb:UpdateItem table/orders']],
  ['DeleteItem', { TableName }, ['dynamodb:DeleteItem table/orders']],
  ['Query', { TableName }, ['dynamodb:Query table/orders']],
  ['Query', { TableName, IndexName: 'by-date' }, ['dynamodb:Query table/orders/index/by-date']],
  ['Scan', { TableName, IndexName: 'by-date' }, ['dynamodb:Scan table/orders/index/by-date']],
  ['BatchGetItem', { RequestItems: { a: {}, b: {} } }, ['dynamodb:BatchGetItem table/a', 'dynamodb:BatchGetItem table/b']],
  ['BatchWriteItem', { RequestItems: { a: [] } }, ['dynamodb:BatchWriteItem table/a']],
  ['TagResource', { ResourceArn, ...tags }, ['dynamodb:TagResource table/orders aws:requesttag/team=blue']],
  ['UntagResource', { ResourceArn, TagKeys: ['team'] }, ['dynamodb:UntagResource table/orders']],
  ['ListTagsOfResource', { ResourceArn }, ['dynamodb:ListTagsOfResource table/orders']],
  ['ListTables', {}, ['dynamodb:ListTables table/*']],
])('%s of DynamoDB needs its table: %j', async (action, body, needs) => {
  expect(await dynamoDb(action, body)).toEqual(needs);
});

it.each(['', 'null', '[]', '{"TableName":7}', '{"RequestItems":null}'])('leaves the malformed request %j to DynamoDB', async (body) => {
  expect(await dynamoDb('GetItem', body)).toEqual([]);
  expect(await dynamoDb('BatchGetItem', body)).toEqual([]);
});

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
const ann = { S: 'ann' };
const names = { ExpressionAttributeNames: { '#c': 'customer', '#d': 'day' }, ExpressionAttributeValues: { ':c': ann, ':d': { S: 'bob' } } };
it.each<[string, object, string[] | undefined]>([
  ['GetItem', { TableName, Key: { customer: ann, day: { S: 'bob' } } }, ['ann']],
  ['GetItem', { TableName: ResourceArn, Key: { customer: ann } }, ['ann']],
  ['GetItem', { TableName, Key: { customer: { N: '1' } } }, ['']],
  ['GetItem', { TableName, Key: { day: ann } }, ['']],
  ['PutItem', { TableName, Item: { customer: ann, more: { S: 'bob' } } }, ['ann']],
  ['UpdateItem', { TableName, Key: { customer: ann } }, ['ann']],
  ['DeleteItem', { TableName, Key: { customer: ann } }, ['ann']],
  ['Query', { TableName, ...names, KeyConditionExpression: '#c = :c' }, ['ann']],
  ['Query', { TableName, ...names, KeyConditionExpression: '#d = :d AND (#c=:c)' }, ['ann']],
  ['Query', { TableName, ...names, KeyConditionExpression: 'customer = :c' }, ['']],
  ['Query', { TableName, ExpressionAttributeValues: { ':c': ann }, KeyConditionExpression: 'customer = :c' }, ['ann']],
  ['Query', { TableName, ExpressionAttributeValues: { ':c': ann }, KeyConditionExpression: 'mycustomer = :c' }, ['']],
  ['Scan', { TableName }, undefined],
  ['GetItem', { TableName: 'other', Key: { customer: ann } }, undefined],
])('%s of DynamoDB names the leading keys of its items: %j', async (action, body, keys) => {
  const [need] = await needsOf(action, body);
  expect(need?.keys('dynamodb:leadingkeys')).toEqual(keys);
});

const stateMachineArn = `arn:aws:states:us-east-1:${accountId}:stateMachine:bake`;
const executionArn = `arn:aws:states:us-east-1:${accountId}:execution:bake:one`;

it.each(Object.keys(requests))('%s of Step Functions needs the resource of its ARN', (action) => {
  const about = {
    StartExecution: 'stateMachine:bake',
    ListExecutions: 'stateMachine:bake',
    DescribeStateMachine: 'stateMachine:bake',
    ListStateMachines: 'stateMachine:*',
  }[action];
  expect(needsOfStepFunctions(action, request({ stateMachineArn, executionArn }), accountId).map(inLine)).toEqual([
    `states:${action} ${about ?? 'execution:bake:one'}`,
  ]);
});

it('leaves requests without an ARN and unsupported actions to Step Functions', () => {
  expect(needsOfStepFunctions('StartExecution', request('{}'), accountId)).toEqual([]);
  expect(needsOfStepFunctions('CreateActivity', request({ stateMachineArn }), accountId)).toEqual([]);
});

it('GetProducts of the price list needs no resource', () => {
  expect(needsOfPricing('GetProducts').map(inLine)).toEqual(['pricing:GetProducts *']);
});
