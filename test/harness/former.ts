import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { putItem } from '../../aws/records/hold/table.ts';
import { type EnvironmentSubject, keyOf, readEnvironment } from '../../aws/records/read/environment.ts';
import { networkKey, readNetwork } from '../../aws/records/read/network.ts';
import type { Key } from '../../aws/records/read/table.ts';
import { type Environment, requestOf } from '../../core/environment.ts';
import type { Network } from '../../core/network.ts';

/** An item of the table as the version before format 2 wrote it. */
export type FormerItem = Readonly<Record<string, unknown>>;

interface Recording {
  readonly environments: Readonly<Record<string, FormerItem>>;
  readonly networks: Readonly<Record<string, FormerItem>>;
  /** The claim of the environment's name. */
  readonly name: FormerItem;
}

/** What the version before format 2 wrote, recorded from its workflows. The key is the situation in which each item was read. */
export const former = JSON.parse(readFileSync(join(import.meta.dirname, 'format-1.json'), 'utf8')) as Recording;

/** One of the recorded environments. Throws if there is none of that name. */
export const formerEnvironment = (situation: string): FormerItem => named(former.environments, situation);

/** One of the recorded networks. Throws if there is none of that name. */
export const formerNetwork = (situation: string): FormerItem => named(former.networks, situation);

/** Puts an item, whether there is one or not. */
export function replaceItem(dynamodb: DynamoDBClient, key: Key, item: FormerItem): Promise<boolean> {
  return putItem(dynamodb, key, item, { when: 'attribute_exists(#kind) OR attribute_not_exists(#kind)', values: {} });
}

/**
 * Records an environment as the version before format 2 did in a situation. Its ids, its request and its lock stay those that are recorded now.
 * If it has no lock now, the recorded lock names an execution that no longer exists.
 */
export async function recordAsFormer(dynamodb: DynamoDBClient, subject: EnvironmentSubject, situation: string): Promise<void> {
  const environment = await readEnvironment(dynamodb, subject);
  if (!environment) throw new Error(`${subject.owner} has no environment for ${subject.repository}.`);
  await replaceItem(dynamodb, keyOf(subject), filled(formerEnvironment(situation), environmentNow(environment)));
}

/** The same of the network. */
export async function recordNetworkAsFormer(dynamodb: DynamoDBClient, situation: string): Promise<void> {
  const network = await readNetwork(dynamodb);
  if (!network) throw new Error('There is no network.');
  await replaceItem(dynamodb, networkKey, filled(formerNetwork(situation), networkNow(network)));
}

function environmentNow({ observed, wanted, lock, ...environment }: Environment): FormerItem {
  const { instanceId, instanceType, architecture, hostKey, publicIpAddress } = observed ?? {};
  return {
    ...environment,
    request: requestOf({ wanted }),
    instance: observed && { instanceId, instanceType, architecture, hostKey },
    publicIpAddress,
    stopAt: wanted.stopAt,
    operation: lock,
    quietUntil: 0,
  };
}

function networkNow({ lock, installation, ...network }: Network): FormerItem {
  const { subnets, ...ids } = ('ids' in network && network.ids) || {};
  return { installation, ids: subnets && { ...ids, subnetId: subnets[0].subnetId }, operation: lock, quietUntil: 0 };
}

/** A recorded item with the current values, where there are any. */
function filled(item: FormerItem, now: FormerItem): FormerItem {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => {
      const current = now[name] ?? value;
      return [name, name === 'operation' && !now[name] ? { ...Object(current), startedAt: '2026-01-01T00:00:00.000Z' } : current];
    }),
  );
}

function named(items: Readonly<Record<string, FormerItem>>, situation: string): FormerItem {
  const item = items[situation];
  if (!item) throw new Error(`format-1.json has no "${situation}".`);
  return item;
}
