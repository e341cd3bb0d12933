import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { currentFormat, formerAttributes, isFormer, RecordedEnvironment, RecordedNetwork } from '../../../core/format-1.ts';
import { type Attributes, type Condition, type Key, parse, readAttributes } from '../read/table.ts';
import { updateItem } from './table.ts';

/** The condition that a record has the current format. */
export const current: Condition = { when: '#format = :format', values: { ':format': currentFormat } };

/**
 * Writes to a record. The conditions of our writes are about the current format: where one is not met, a record of the first format is brought
 * up to date, and the write is repeated.
 */
export async function written<Answer>(dynamodb: DynamoDBClient, key: Key, write: () => Promise<Answer>): Promise<Answer> {
  const answer = await write();
  return answer || !(await bringUpToDate(dynamodb, key)) ? answer : write();
}

/** Returns false if the record has the current format already, or is not there. A record that changes meanwhile keeps its format for now. */
async function bringUpToDate(dynamodb: DynamoDBClient, key: Key): Promise<boolean> {
  const former = await readAttributes(dynamodb, key);
  if (!former || !isFormer(former)) return false;
  const attributes = parse(key, key.kind === 'network' ? RecordedNetwork : RecordedEnvironment, former);
  const remove = formerAttributes.filter((name) => !(name in attributes));
  await updateItem(dynamodb, key, { set: { ...attributes }, remove, ...unchanged(former) });
  return true;
}

/** That an item is still what was read: each of its texts and numbers, and none of the attributes that it did not have. */
function unchanged({ kind: _, id: __, ...attributes }: Attributes): Condition {
  const read = leaves(attributes);
  const same = read.map(([path], index) => `${path} = :read${index}`);
  const absent = ['format', ...formerAttributes].filter((name) => !(name in attributes)).map((name) => `attribute_not_exists(#${name})`);
  return {
    when: [...same, ...absent].join(' AND '),
    values: Object.fromEntries(read.map(([, value], index) => [`:read${index}`, value])),
  };
}

function leaves(attributes: object, parent = ''): (readonly [path: string, value: string | number])[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    const path = `${parent}#${name}`;
    if (typeof value === 'string' || typeof value === 'number') return [[path, value] as const];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? leaves(value, `${path}.`) : [];
  });
}
