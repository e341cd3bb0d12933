import { randomBytes } from 'node:crypto';
import type { ResourceType } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';

export const Tag = v.strictObject({ Key: v.string(), Value: v.string() });
export type Tag = v.InferOutput<typeof Tag>;

/** The members that every resource's schema spreads: `v.strictObject({ ...resource, cidrBlock: v.string() })`. */
export const resource = {
  id: v.string(),
  /** Milliseconds since the epoch; before, the resource exists but no call finds it (eventual consistency). */
  visibleAt: v.number(),
  tags: v.array(Tag),
};

export interface Resource {
  readonly id: string;
  visibleAt: number;
  tags: Tag[];
}

/** What the resources of one kind have in common. */
export interface Kind<T extends Resource> {
  /** Its name in TagSpecifications and DescribeTags. */
  readonly type: ResourceType;
  /** What its ids begin with, without the hyphen: `vpc`. */
  readonly prefix: string;
  /** What AWS calls one in "The vpc ID 'vpc-…' does not exist": `vpc ID`. */
  readonly noun: string;
  readonly notFound: `${string}.NotFound`;
  readonly malformed: `${string}.Malformed`;
  /** The shape of its records in the state file. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** The ids of the resources that cannot be deleted while this one exists. */
  uses(record: T): readonly string[];
  /** Whether it has a public address at this time (milliseconds since the epoch), which holds its VPC's internet gateway in place. */
  hasPublicAddress?(record: T, now: number): boolean;
}

type Fields<T> = T extends unknown ? Omit<T, 'id' | 'visibleAt'> : never;

/** The resources of one kind in one region. Its records are the state: change them, and the next write keeps the change. */
export interface Collection<T extends Resource> {
  readonly kind: Kind<T>;
  /** The visible resource with this id; throws the kind's `….Malformed` and `….NotFound`. */
  find(id: string): T;
  /** The visible resources with these ids, or all visible ones if there are no ids; throws as `find` does. */
  select(ids: readonly string[] | undefined): T[];
  /** Every resource, oldest first, visible or not: for uniqueness, quotas and dependencies, which see more than Describe does. */
  all(): T[];
  /** Adds a resource under a new id. */
  add(fields: Fields<T>): T;
  /** Removes a resource; `endedAt` (milliseconds since the epoch) is when it ended, if that was earlier. */
  delete(id: string, endedAt?: number): void;
}

/** What a collection needs to know of its region. */
export interface CollectionEvents {
  now(): number;
  /** When a resource made now becomes visible, in milliseconds since the epoch. */
  visibleAt(): number;
  added(id: string): void;
  deleted(id: string, endedAt: number): void;
}

export function createCollection<T extends Resource>(kind: Kind<T>, records: readonly T[], events: CollectionEvents): Collection<T> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const visible = (record: T | undefined) => record !== undefined && record.visibleAt <= events.now();
  const select = (ids: readonly string[]): T[] => {
    for (const id of ids) if (!isId(kind.prefix, id)) throw malformedId(kind, id);
    const missing = ids.filter((id) => !visible(byId.get(id)));
    if (missing.length > 0) throw notFound(kind, missing);
    return ids.flatMap((id) => byId.get(id) ?? []);
  };

  return {
    kind,
    find(id) {
      const [record] = select([id]);
      if (!record) throw notFound(kind, [id]);
      return record;
    },
    select: (ids) => (ids === undefined || ids.length === 0 ? [...byId.values()].filter(visible) : select([...new Set(ids)])),
    all: () => [...byId.values()],
    add(fields) {
      const record = { ...fields, id: newId(kind.prefix), visibleAt: events.visibleAt() } as unknown as T;
      byId.set(record.id, record);
      events.added(record.id);
      return record;
    },
    delete(id, endedAt = events.now()) {
      byId.delete(id);
      events.deleted(id, endedAt);
    },
  };
}

/** The collections of a region, seen without the differences of their kinds. */
export type Collections = Readonly<Record<string, Collection<Resource>>>;

/** The collection that keeps the resource with this id, by its prefix; undefined for an id of no kind. */
export function collectionOf(collections: Collections, id: string): Collection<Resource> | undefined {
  const prefix = id.slice(0, id.lastIndexOf('-'));
  return Object.values(collections).find(({ kind }) => kind.prefix === prefix);
}

/** The resources that use this one, and so keep it from being deleted. */
export function usersOf(collections: Collections, id: string): Resource[] {
  return Object.values(collections).flatMap(({ kind, all }) => all().filter((record) => kind.uses(record).includes(id)));
}

/** Whether anything that uses this resource has a public address at this time, in milliseconds since the epoch. */
export function mapsPublicAddress(collections: Collections, id: string, now: number): boolean {
  return Object.values(collections).some(({ kind, all }) =>
    all().some((record) => kind.uses(record).includes(id) && kind.hasPublicAddress?.(record, now)),
  );
}

/** A new id such as `vpc-0` and 16 more hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** The refusal of ids that name nothing (or nothing visible yet). */
export function notFound(kind: Pick<Kind<Resource>, 'noun' | 'notFound'>, ids: readonly string[]): AwsFailure {
  const text = ids.length === 1 ? `The ${kind.noun} '${ids[0]}' does not exist` : `The ${kind.noun}s '${ids.join(', ')}' do not exist`;
  return new AwsFailure(kind.notFound, text);
}

/** Whether a text has the form of an id: 17 hexadecimal digits, or 8 as old resources have. */
export function isId(prefix: string, id: string): boolean {
  return id.startsWith(`${prefix}-`) && /^([0-9a-f]{8}|[0-9a-f]{17})$/.test(id.slice(prefix.length + 1));
}

function malformedId<T extends Resource>(kind: Kind<T>, id: string): AwsFailure {
  return new AwsFailure(kind.malformed, `Invalid id: "${id}" (expecting "${kind.prefix}-...")`);
}
