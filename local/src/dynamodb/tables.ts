import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import type { DynamoDbProfile } from '../profiles.ts';
import { AwsFailure } from '../service.ts';
import type { Engine, Json } from './engine.ts';
import { refuseUnsupported } from './unsupported.ts';

/** The life of tables on the clock. The engine knows no states of tables, only whether they exist. */
export interface Tables {
  create(input: Json): Promise<Json>;
  delete(input: Json): Promise<Json>;
  describe(input: Json): Promise<Json>;
  list(input: Json): Promise<Json | ''>;
  /** Runs an action on the items of these tables. Throws ResourceNotFoundException if one of them is not ACTIVE. */
  withActive<T>(names: readonly string[], action: () => Promise<T>): Promise<T>;
  describeTimeToLive(input: Json): Promise<Json | ''>;
  /** Changes the tags of a table, for TagResource, UntagResource and ListTagsOfResource. `change` gets the old tags. Resolves to the new ones. */
  tags(arn: string, change: (tags: Tags) => Tags): Promise<Tags>;
  /** Resolves when the running actions have ended. */
  settled(): Promise<void>;
}

export type Tags = Readonly<Record<string, string>>;

/** Our part of dynalite's record of a table, in the same record so that a kill cannot separate them. Times are milliseconds on the clock. */
interface Ours {
  readonly createdAt: number;
  readonly activeAt: number;
  readonly goneAt?: number;
  readonly tags: Tags;
}

/** `profile` is called for each creation and deletion. */
export function createTables(engine: Engine, clock: Clock, profile: () => DynamoDbProfile): Tables {
  const running = new Set<Promise<unknown>>();
  let lastChange: Promise<unknown> = Promise.resolve();

  /** Creations and deletions take turns. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const turn = lastChange.then(change);
    // The caller sees the failure of its change. The next change must not.
    lastChange = turn.catch(() => undefined);
    return turn;
  };

  const erase = async (name: string) => {
    // Otherwise, a write that began while the table was ACTIVE could put its item into the next table of that name.
    await Promise.allSettled(running);
    await engine.eraseTable(name);
  };

  /** The record of a table that exists now. Erases the table first if its deletion is due. */
  const current = async (name: string): Promise<Json | undefined> => {
    const record = await engine.table(name);
    if (!record || stateOf(record, clock.now()) !== 'GONE') return record;
    await erase(name);
    return undefined;
  };

  const settle = async (name: string) => {
    const record = await engine.table(name);
    if (record && stateOf(record, clock.now()) === 'GONE') await inTurn(() => current(name));
  };

  return {
    create: (input) =>
      inTurn(async () => {
        const { Tags: given, ...rest } = input;
        refuseUnsupported('CreateTable', rest);
        const tags = given === undefined ? {} : parseTags(given);
        const name = String(rest.TableName);
        if (await current(name)) throw new AwsFailure('ResourceInUseException', `Table already exists: ${name}`);

        const now = clock.now();
        const ours: Ours = { createdAt: now, activeAt: now + profile().create, tags };
        await engine.run('CreateTable', rest, { ours });
        await becomeActive(engine, name);
        return { TableDescription: { ...describe((await engine.table(name)) ?? { ours }, now), TableStatus: 'CREATING' } };
      }),

    delete: (input) =>
      inTurn(async () => {
        const name = String(input.TableName);
        await current(name);
        // Validates the name, and refuses in DynamoDB's words if there is no table.
        const { Table: record } = (await engine.run('DescribeTable', input)) as { Table: Json };
        const now = clock.now();
        const state = stateOf(record, now);
        if (state !== 'ACTIVE') {
          const doing = state === 'CREATING' ? 'created' : 'deleted';
          throw new AwsFailure(
            'ResourceInUseException',
            `Attempt to change a resource which is still in use: Table is being ${doing}: ${name}`,
          );
        }
        const goneAt = now + profile().delete;
        const leaving = { ...record, ours: { ...oursOf(record), goneAt } };
        await engine.putTable(name, leaving);
        if (goneAt <= now) await erase(name);
        return { TableDescription: { ...describe(leaving, now), TableStatus: 'DELETING' } };
      }),

    async describe(input) {
      await settle(String(input.TableName));
      const { Table: record } = (await engine.run('DescribeTable', input)) as { Table: Json };
      return { Table: describe(record, clock.now()) };
    },

    async list(input) {
      const all = await allNames(engine);
      for (const name of all) await settle(name);
      return engine.run('ListTables', input);
    },

    async withActive(names, action) {
      for (const name of names) await settle(name);
      return tracked(running, async () => {
        for (const name of names) {
          const record = await engine.table(name);
          if (record && stateOf(record, clock.now()) !== 'ACTIVE') {
            throw new AwsFailure('ResourceNotFoundException', 'Requested resource not found');
          }
        }
        return action();
      });
    },

    async describeTimeToLive(input) {
      await settle(String(input.TableName));
      return engine.run('DescribeTimeToLive', input);
    },

    tags: (arn, change) =>
      inTurn(async () => {
        const name = arn.split('/').pop() ?? '';
        const record = await current(name);
        if (!record || record.TableArn !== arn) {
          throw new AwsFailure('ResourceNotFoundException', `Requested resource not found: ResourcArn: ${arn} not found`);
        }
        const tags = change(oursOf(record).tags);
        if (Object.keys(tags).length > 50) throw invalid('Too many tags: a table may have 50');
        await engine.putTable(name, { ...record, ours: { ...oursOf(record), tags } });
        return tags;
      }),

    async settled() {
      await Promise.allSettled([...running, lastChange]);
    },
  };
}

async function tracked<T>(running: Set<Promise<unknown>>, action: () => Promise<T>): Promise<T> {
  const run = action();
  running.add(run);
  try {
    return await run;
  } finally {
    running.delete(run);
  }
}

/** Dynalite writes a new table twice, the second time from a timer. Nobody else may write its record before that. */
async function becomeActive(engine: Engine, name: string): Promise<void> {
  while ((await engine.table(name))?.TableStatus !== 'ACTIVE') await new Promise((resolve) => setTimeout(resolve, 1));
}

async function allNames(engine: Engine): Promise<readonly string[]> {
  const names: string[] = [];
  let after: unknown;
  do {
    const page = (await engine.run('ListTables', after === undefined ? {} : { ExclusiveStartTableName: after })) || {};
    names.push(...(page.TableNames as string[]));
    after = page.LastEvaluatedTableName;
  } while (after !== undefined);
  return names;
}

function oursOf(record: Json): Ours {
  return record.ours as Ours;
}

function stateOf(record: Json, now: number): 'CREATING' | 'ACTIVE' | 'DELETING' | 'GONE' {
  const { activeAt, goneAt } = oursOf(record);
  if (goneAt !== undefined) return now < goneAt ? 'DELETING' : 'GONE';
  return now < activeAt ? 'CREATING' : 'ACTIVE';
}

function describe({ ours, ...record }: Json, now: number): Json {
  const state = stateOf({ ours }, now);
  return {
    ...record,
    CreationDateTime: (ours as Ours).createdAt / 1000,
    // It is not erased yet: its time came while it was being read.
    TableStatus: state === 'GONE' ? 'DELETING' : state,
    DeletionProtectionEnabled: false,
  };
}

/** The tags of a `Tags` parameter. Throws ValidationException. */
export function parseTags(given: unknown): Tags {
  const tags = v.safeParse(v.pipe(v.array(Tag), v.maxLength(50)), given);
  if (!tags.success) throw invalid(`Tags: ${tags.issues[0].message}`);
  const keys = tags.output.map(({ Key }) => Key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw invalid(`Tags: Duplicate Tag found: ${twice}`);
  return Object.fromEntries(tags.output.map(({ Key, Value }) => [Key, Value]));
}

const Tag = v.strictObject({
  Key: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  Value: v.pipe(v.string(), v.maxLength(256)),
});

function invalid(what: string): AwsFailure {
  return new AwsFailure('ValidationException', `One or more parameter values were invalid: ${what}`);
}
