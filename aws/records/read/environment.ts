import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { DueEnvironment } from '../../../core/document.ts';
import { Environment } from '../../../core/environment.ts';
import { type ErrorName, RecodeError } from '../../../core/errors.ts';
import { formerAttributes, RecordedEnvironment } from '../../../core/format-1.ts';
import { acceptedKeys } from '../../../core/keys.ts';
import { dueIndexName, environmentId } from '../../../core/names.ts';
import { type Found, type Key, readByIds, readItem, readItems, readPage, readPages, searchItems } from './table.ts';

/** An environment's owner and repository, which find its record. */
export interface EnvironmentSubject {
  readonly owner: string;
  readonly repository: string;
}

/** The key of an environment's record. */
export const keyOf = (subject: EnvironmentSubject): Key => ({ kind: 'environment', id: environmentId(subject) });

/**
 * Reads an environment; undefined if there is none.
 *
 * @throws RecodeError RecodeNotInstalled without a table, RecordDamaged, RecordNewerThanCli
 */
export function readEnvironment(dynamodb: DynamoDBClient, subject: EnvironmentSubject): Promise<Environment | undefined> {
  return readItem(dynamodb, keyOf(subject), RecordedEnvironment);
}

/**
 * The public keys that an environment accepts now, for an operation that holds it. Others change them without the lock.
 *
 * @throws RecodeError LockLost when there is none anymore
 */
export async function readAcceptedKeys(dynamodb: DynamoDBClient, subject: EnvironmentSubject): Promise<readonly string[]> {
  const environment = await readEnvironment(dynamodb, subject);
  if (environment) return acceptedKeys(environment.wanted);
  throw new RecodeError('LockLost', `The record of the environment ${subject.repository} is gone.`);
}

/** All environments of the region, or those of one owner. Throws RecodeNotInstalled without a table. */
export function readEnvironments(dynamodb: DynamoDBClient, owner?: string): Promise<Found<Environment>> {
  return readItems(dynamodb, 'environment', RecordedEnvironment, prefixOf(owner));
}

/** An environment as a list shows it. */
export type ListedEnvironment = Omit<Environment, 'lastOperations'>;

/**
 * The same page after page, of each environment what a list shows: its past operations are most of a record.
 *
 * @throws RecodeError RecodeNotInstalled without a table
 */
export function readEnvironmentPages(dynamodb: DynamoDBClient, owner?: string): AsyncGenerator<Found<ListedEnvironment>> {
  return readPages(dynamodb, 'environment', RecordedEnvironment, { idPrefix: prefixOf(owner), attributes: listed });
}

/** One page of them in the order of their ids. Throws RecodeNotInstalled without a table. */
export const readEnvironmentPage = (dynamodb: DynamoDBClient, page: { readonly after: string | undefined; readonly most: number }) =>
  readPage(dynamodb, 'environment', RecordedEnvironment, page);

const Named = v.object({ uid: v.optional(v.string()), name: v.optional(v.string()), formerNames: v.optional(v.array(v.string())) });
export type NamedEnvironment = v.InferOutput<typeof Named>;

/** What some environments are called, and which they are, by their ids. It may be a moment old. Throws RecodeNotInstalled without a table. */
export const readNamed = (dynamodb: DynamoDBClient, ids: readonly string[]) =>
  readByIds(dynamodb, 'environment', Named, { ids, attributes: ['#uid', '#name', '#formerNames'] });

/** The same as `readEnvironment`, by the id of the record. */
export const readEnvironmentById = (dynamodb: DynamoDBClient, id: string): Promise<Environment | undefined> =>
  readItem(dynamodb, { kind: 'environment', id }, RecordedEnvironment);

const prefixOf = (owner: string | undefined) => (owner === undefined ? undefined : environmentId({ owner, repository: '' }));

const listed = [...Object.keys(Environment.entries).filter((name) => name !== 'lastOperations'), ...formerAttributes];

const due = {
  current:
    '#wanted.#stopAt <= :now AND attribute_exists(#observed) AND #observed.#state <> :gone ' +
    'AND #wanted.#power <> :removed AND (#wanted.#power = :on OR #observed.#state <> :stopped)',
  // After a failed operation, the instance may still run. An environment without an instance has nothing to stop.
  former:
    'attribute_not_exists(#format) AND #stopAt <= :now AND #status IN (:starting, :started, :stopping) ' +
    'AND attribute_not_exists(#operation) AND (attribute_not_exists(#lastError) OR #lastError.#name <> :instanceGone)',
};
const wantedStates = { ':gone': 'gone', ':removed': 'removed', ':on': 'on', ':stopped': 'stopped' };
const formerStatuses = { ':starting': 'starting', ':started': 'started', ':stopping': 'stopping' };

/** What a search shows of an environment that is due. */
const Shown = v.pipe(
  v.object({
    ...DueEnvironment.entries,
    stopAt: v.optional(DueEnvironment.entries.stopAt),
    wanted: v.optional(v.object({ stopAt: DueEnvironment.entries.stopAt })),
  }),
  v.transform(({ wanted, ...shown }) => ({ ...shown, stopAt: wanted?.stopAt ?? shown.stopAt })),
  DueEnvironment,
);

/** The place of an environment among those that are due. Without a time, it is one in the order of ids. */
export interface DuePlace {
  readonly id: string;
  readonly dueAt?: string | undefined;
}

/**
 * Reads up to `most` environments that are due to stop, beginning after one. They may have changed since: a stop looks again before it stops.
 *
 * @param from the index of those with a time to stop, in the order of times; or all records, in the order of ids, which an index cannot miss
 * @throws RecodeError RecodeNotInstalled without a table
 */
export function readDueEnvironments(
  dynamodb: DynamoDBClient,
  { from, now, after, most }: { from: 'index' | 'records'; now: number; after: DuePlace | undefined; most: number },
): Promise<Found<DueEnvironment>> {
  return searchItems(dynamodb, 'environment', Shown, {
    index: from === 'index' ? { name: dueIndexName, key: '#dueAt <= :now' } : undefined,
    when: `(${due.current}) OR (${due.former})`,
    values: {
      ':now': new Date(now).toISOString(),
      ':instanceGone': 'InstanceGone' satisfies ErrorName,
      ...wantedStates,
      ...formerStatuses,
    },
    attributes: ['#format', '#owner', '#repository', '#uid', '#stopAt', '#wanted.#stopAt'],
    after,
    most,
  });
}
