import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Environment } from '../../../core/environment.ts';
import { currentFormat, formerAttributes, isFormer, RecordedEnvironment, RecordedNetwork } from '../../../core/format-1.ts';
import { type Attributes, type Condition, type Key, parse, readAttributes } from '../read/table.ts';
import { updateItem } from './table.ts';

/** The condition that a record has the current format. */
export const current: Condition = { when: '#format = :format', values: { ':format': currentFormat } };

/**
 * Writes to a record. The conditions of our writes are about the current format. If one is not met, a record of the first format is brought
 * up to date, and the write is repeated.
 */
export async function written<Answer>(dynamodb: DynamoDBClient, key: Key, write: () => Promise<Answer>): Promise<Answer> {
  const answer = await write();
  return answer || !(await bringUpToDate(dynamodb, key)) ? answer : write();
}

/** Returns false if there is no record, or it has the current format already. If it changes meanwhile, it keeps its format for now. */
async function bringUpToDate(dynamodb: DynamoDBClient, key: Key): Promise<boolean> {
  const former = await readAttributes(dynamodb, key);
  if (!former || !isFormer(former)) return false;
  const attributes = parse(key, key.kind === 'network' ? RecordedNetwork : RecordedEnvironment, former);
  const remove = formerAttributes.filter((name) => !(name in attributes));
  const set = 'wanted' in attributes ? withDueTime(attributes) : attributes;
  await updateItem(dynamodb, key, { set: { ...set }, remove, ...unchanged(former) });
  return true;
}

/** An environment's record with what brings it into the index of those with a time to stop. */
export function withDueTime(environment: Environment): Environment & { readonly dueAt?: string } {
  const { stopAt } = environment.wanted;
  return stopAt === undefined ? environment : { ...environment, dueAt: stopAt };
}

/** The condition that an item is still what was read: the same texts, numbers and lists, and no attribute that it did not have. */
function unchanged({ kind: _, id: __, ...attributes }: Attributes): Condition {
  const read = leaves(attributes);
  // Short names: an expression has at most 4 KB, and a record has up to 60 CIDR blocks.
  const same = read.map(([path], index) => `${path} = :r${index}`);
  const absent = ['format', ...formerAttributes].filter((name) => !(name in attributes)).map((name) => `attribute_not_exists(#${name})`);
  return {
    when: [...same, ...absent].join(' AND '),
    values: Object.fromEntries(read.map(([, value], index) => [`:r${index}`, value])),
  };
}

function leaves(value: unknown, path = ''): (readonly [path: string, value: string | number])[] {
  if (typeof value === 'string' || typeof value === 'number') return [[path, value]];
  if (Array.isArray(value)) {
    return [[`size(${path})`, value.length], ...value.flatMap((element, index) => leaves(element, `${path}[${index}]`))];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? `#${name}` : `${path}.#${name}`));
}
