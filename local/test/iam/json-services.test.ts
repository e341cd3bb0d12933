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

const dynamoDb = (action: string, body: object | string) => needsOfDynamoDb(action, request(body), accountId).map(inLine);
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
])('%s of DynamoDB needs its table: %j', (action, body, needs) => {
  expect(dynamoDb(action, body)).toEqual(needs);
});

it.each(['', 'null', '[]', '{"TableName":7}', '{"RequestItems":null}'])('leaves the malformed request %j to DynamoDB', (body) => {
  expect(dynamoDb('GetItem', body)).toEqual([]);
  expect(dynamoDb('BatchGetItem', body)).toEqual([]);
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
