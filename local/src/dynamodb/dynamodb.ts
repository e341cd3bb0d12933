import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { type Clock, reached } from '../clock.ts';
import { createLatencySetting, type DynamoDbProfile, type LatencySetting, profiles } from '../profiles.ts';
import { AwsFailure, type AwsRequest, type AwsResponse, type Service } from '../service.ts';
import { type Json, openEngine } from './engine.ts';
import { refuseBeyondLimits } from './limits.ts';
import { createTables, parseTags, type Tables } from './tables.ts';
import { refuseUnsupported, unsupported } from './unsupported.ts';

export interface DynamoDb extends Service {
  readonly admin: LatencySetting['admin'];
  /** The name of the partition key of a table; undefined if the table does not exist. */
  partitionKeyOf(table: string): Promise<string | undefined>;
  /** Waits for the writes in progress and closes the database. */
  stop(): Promise<void>;
}

/**
 * DynamoDB of one region: dynalite with its database in `<stateDirectory>/dynamodb`, and the life of tables on the clock.
 * It refuses what dynalite would ignore. Other regions have no tables, and cannot create any.
 * Throws `StateDamaged`, which names the folder.
 */
export async function createDynamoDb(options: {
  stateDirectory: string;
  region: string;
  accountId: string;
  clock: Clock;
}): Promise<DynamoDb> {
  const { stateDirectory, region, accountId, clock } = options;
  const engine = await openEngine(join(stateDirectory, 'dynamodb'), region, accountId);
  const latency = createLatencySetting();
  const profile = (): DynamoDbProfile => profiles[latency.get()].dynamodb;
  const tables = createTables(engine, clock, profile);

  const perform = (action: string, input: Json): Promise<Json | ''> => {
    if (action === 'CreateTable') return tables.create(input);
    refuseUnsupported(action, input);
    refuseBeyondLimits(input);
    if (action === 'DeleteTable') return tables.delete(input);
    if (action === 'DescribeTable') return tables.describe(input);
    if (action === 'ListTables') return tables.list(input);
    if (action === 'DescribeTimeToLive') return tables.describeTimeToLive(input);
    if (action in tagActions) return tagActions[action as keyof typeof tagActions](tables, input);
    return tables.withActive(tableNames(input), () => engine.run(action, input));
  };

  return {
    action: actionOf,
    async handle(request) {
      const action = actionOf(request);
      const input = parse(request);
      const begun = clock.now();
      try {
        if (request.region === region) return answer(200, await perform(action, input));
        refuseUnsupported(action, action === 'CreateTable' ? {} : input);
        return answer(200, elsewhere(action, request.region, region));
      } finally {
        await reached(clock, begun + profile().call);
      }
    },
    failure: ({ code, message, status }) =>
      answer(status, { __type: `${namespaces[code] ?? 'com.amazonaws.dynamodb.v20120810'}#${code}`, message }),
    admin: latency.admin,
    partitionKeyOf: async (table) => partitionKeyIn(await engine.table(table)),
    async stop() {
      await tables.settled();
      await engine.close();
    },
  };
}

const KeySchema = v.object({ KeySchema: v.array(v.object({ AttributeName: v.string(), KeyType: v.string() })) });

function partitionKeyIn(record: Json | undefined): string | undefined {
  const parsed = v.safeParse(KeySchema, record);
  return parsed.success ? parsed.output.KeySchema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName : undefined;
}

const namespaces: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate',
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  MissingAuthenticationTokenException: 'com.amazon.coral.service',
  IncompleteSignatureException: 'com.amazon.coral.service',
  AccessDeniedException: 'com.amazon.coral.service',
};

const Arn = v.object({ ResourceArn: v.string() });

const tagActions = {
  async TagResource(tables: Tables, input: Json) {
    const { ResourceArn } = parameters(Arn, input);
    const added = parseTags(input.Tags);
    await tables.tags(ResourceArn, (tags) => ({ ...tags, ...added }));
    return '' as const;
  },
  async UntagResource(tables: Tables, input: Json) {
    const { ResourceArn, TagKeys } = parameters(v.object({ ...Arn.entries, TagKeys: v.array(v.string()) }), input);
    await tables.tags(ResourceArn, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))));
    return '' as const;
  },
  async ListTagsOfResource(tables: Tables, input: Json) {
    const { ResourceArn } = parameters(Arn, input);
    const tags = await tables.tags(ResourceArn, (unchanged) => unchanged);
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
};

function parameters<S extends v.GenericSchema>(schema: S, input: Json): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new AwsFailure('ValidationException', `${v.getDotPath(issue)}: ${issue.message}`);
}

function actionOf({ headers }: AwsRequest): string {
  const [version, action] = String(headers['x-amz-target'] ?? '').split('.');
  if (version !== 'DynamoDB_20120810' || !action) throw new AwsFailure('UnknownOperationException', '');
  return action;
}

function parse(request: AwsRequest): Json {
  let input: unknown;
  try {
    input = JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new AwsFailure('SerializationException', '');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new AwsFailure('SerializationException', '');
  return input as Json;
}

function answer(status: number, output: Json | ''): AwsResponse {
  const body = output === '' ? '' : JSON.stringify(output);
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-crc32': String(crc32(body)) }, body };
}

function tableNames(input: Json): readonly string[] {
  if (typeof input.TableName === 'string') return [input.TableName];
  return typeof input.RequestItems === 'object' && input.RequestItems !== null ? Object.keys(input.RequestItems) : [];
}

function elsewhere(action: string, region: string, deployed: string): Json {
  if (action === 'CreateTable') throw unsupported(`CreateTable in ${region}, only in ${deployed}`);
  if (action === 'ListTables') return { TableNames: [] };
  throw new AwsFailure('ResourceNotFoundException', 'Requested resource not found');
}
