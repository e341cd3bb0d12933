import { createRequire } from 'node:module';
import { AwsFailure } from '../service.ts';
import { storageFailure } from '../storage.ts';
import { StateDamaged } from '../store.ts';
import { verifyLevelDb } from './leveldb.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The actions of dynalite on its database, without its HTTP server. */
export interface Engine {
  /** Runs a DynamoDB action. `extra` is added to the validated input. Throws `AwsFailure` in DynamoDB's words. */
  run(action: string, input: Json, extra?: Json): Promise<Json | ''>;
  /** Dynalite's record of a table. */
  table(name: string): Promise<Json | undefined>;
  putTable(name: string, record: Json): Promise<void>;
  /** Deletes the items and the index entries of a table, then its record. It can be repeated after a kill. */
  eraseTable(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens dynalite's database in `directory` and reads all of it, to find damage or the lock of another process now. Later, dynalite would
 * treat an unreadable table as a missing one. Throws `StateDamaged`, which names the directory, and `StorageFailed` if the disk is full.
 *
 * It does not use dynalite's HTTP server, which reads its region from the environment, opens its database late, and ends the process on
 * errors.
 */
export async function openEngine(directory: string, region: string, accountId: string): Promise<Engine> {
  verifyLevelDb(directory);
  const store = database.create({ path: directory, createTableMs: 0 });
  store.tableDb.awsRegion = region;
  store.tableDb.awsAccountId = accountId;
  try {
    await readAll(store);
  } catch (error) {
    await store.db.close();
    const failure = storageFailure(error, directory);
    // If a file is missing at the start, the state is damaged.
    throw failure && failure.trouble !== 'gone' ? failure : new StateDamaged(directory, reason(error));
  }

  const table = (name: string) => new Promise<Json | undefined>((resolve, reject) => store.tableDb.get(name, settle(resolve, reject)));
  const putTable = (name: string, record: Json) =>
    new Promise<void>((resolve, reject) => store.tableDb.put(name, record, settle(resolve, reject)));

  return {
    run: (action, input, extra) => run(store, action, input, extra),
    table,
    putTable,
    async eraseTable(name) {
      const record = await table(name);
      for (const kind of ['Local', 'Global'] as const) {
        for (const index of (record?.[`${kind}SecondaryIndexes`] ?? []) as readonly { IndexName: string }[]) {
          await new Promise<void>((resolve, reject) => store.deleteIndexDb(kind, name, index.IndexName, settle(resolve, reject)));
        }
      }
      await new Promise<void>((resolve, reject) => store.deleteItemDb(name, settle(resolve, reject)));
      await new Promise<void>((resolve, reject) => store.tableDb.del(name, settle(resolve, reject)));
    },
    async close() {
      await store.db.close();
    },
  };
}

/** Dynalite's description of the parameters of an action; undefined for an action that it does not have. */
export function parametersOf(action: string): ParameterTypes | undefined {
  return actions.has(action) ? validation(action).types : undefined;
}

export type ParameterTypes = Readonly<Record<string, string | ParameterType>>;
export interface ParameterType {
  readonly type: string;
  readonly children?: string | ParameterType | ParameterTypes;
}

type Callback = (error: unknown, value?: unknown) => void;

interface SubDatabase {
  awsRegion: string;
  awsAccountId: string;
  get(key: string, done: Callback): void;
  put(key: string, value: unknown, done: Callback): void;
  del(key: string, done: Callback): void;
}

interface DynaliteStore {
  readonly db: { open(): Promise<void>; close(): Promise<void>; iterator(): AsyncIterable<[string, unknown]> };
  readonly tableDb: SubDatabase;
  deleteItemDb(table: string, done: Callback): void;
  deleteIndexDb(kind: 'Local' | 'Global', table: string, index: string, done: Callback): void;
}

interface Validation {
  readonly types: ParameterTypes;
  readonly custom?: unknown;
}

const require = createRequire(import.meta.url);
const database = require('dynalite/db') as { create(options: { path: string; createTableMs: number }): DynaliteStore };
const validations = require('dynalite/validations') as {
  checkTypes(input: unknown, types: ParameterTypes): Record<string, unknown>;
  checkValidations(input: unknown, types: ParameterTypes, custom: unknown, store: DynaliteStore): void;
};

// Not UpdateTable, which dynalite does from timers. For DeleteTable and the tags, dynalite only validates the parameters: see tables.ts.
/** All supported actions. */
export const actions: ReadonlySet<string> = new Set([
  ...['CreateTable', 'DescribeTable', 'ListTables', 'DeleteTable', 'DescribeTimeToLive', 'TagResource', 'UntagResource'],
  ...['ListTagsOfResource', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'BatchGetItem', 'BatchWriteItem'],
]);

const fileOf = (action: string) => action.charAt(0).toLowerCase() + action.slice(1);
const validation = (action: string) => require(`dynalite/validations/${fileOf(action)}`) as Validation;

function run(store: DynaliteStore, action: string, input: Json, extra: Json = {}): Promise<Json | ''> {
  const perform = require(`dynalite/actions/${fileOf(action)}`) as (store: DynaliteStore, input: unknown, done: Callback) => void;
  const { types, custom } = validation(action);
  return new Promise((resolve, reject) => {
    try {
      // Dynalite deletes unknown parameters, so it gets a copy.
      const checked = validations.checkTypes(structuredClone(input), types);
      validations.checkValidations(checked, types, custom, store);
      perform(store, Object.assign(checked, extra), settle(resolve, reject));
    } catch (error) {
      reject(asFailure(error));
    }
  });
}

function settle<T>(resolve: (value: T) => void, reject: (error: unknown) => void): Callback {
  return (error, value) => (error ? reject(asFailure(error)) : resolve(value as T));
}

function asFailure(error: unknown): unknown {
  const { body, statusCode } = error as { body?: { __type: string; message?: string; Message?: string }; statusCode?: number };
  if (!body || !statusCode) return error;
  return new AwsFailure(body.__type.replace(/^.*#/, ''), body.message ?? body.Message ?? '', statusCode);
}

async function readAll(store: DynaliteStore): Promise<void> {
  await store.db.open();
  for await (const [key, value] of store.db.iterator()) {
    if (!key.startsWith('table~')) continue;
    const { TableStatus: status, ours } = (value ?? {}) as Json;
    if (typeof status !== 'string' || typeof ours !== 'object') throw new Error(`the record ${key} is not a table.`);
    // The process was killed before the timer of dynalite that makes a new table ACTIVE.
    const name = key.slice('table~'.length);
    if (status === 'CREATING') {
      await new Promise<void>((resolve, reject) =>
        store.tableDb.put(name, { ...(value as Json), TableStatus: 'ACTIVE' }, settle(resolve, reject)),
      );
    }
  }
}

function reason(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message: string }; message: string };
  if (cause?.code === 'LEVEL_LOCKED') return 'another process has it open.';
  return cause?.message ?? message;
}
