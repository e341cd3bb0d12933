import { randomBytes } from 'node:crypto';
import type { ResourceType } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';

export const Tag = v.strictObject({ Key: v.string(), Value: v.string() });
export type Tag = v.InferOutput<typeof Tag>;

/** The members of every resource's schema: `v.strictObject({ ...resource, cidrBlock: v.string() })`. */
export const resource = {
  id: v.string(),
  /** Milliseconds since the epoch. Until then the resource exists, but no call finds it (eventual consistency). */
  visibleAt: v.number(),
  tags: v.array(Tag),
};

export interface Resource {
  readonly id: string;
  visibleAt: number;
  tags: Tag[];
}

/** What all resources of a kind have in common. */
export interface Kind<T extends Resource> {
  /** Its name in TagSpecifications and DescribeTags. */
  readonly type: ResourceType;
  /** The beginning of its IDs, without the hyphen, for example `vpc`. */
  readonly prefix: string;
  /** AWS's words for it in "The vpc ID 'vpc-…' does not exist": `vpc ID`. */
  readonly noun: string;
  readonly notFound: `${string}.NotFound`;
  readonly malformed: `${string}.Malformed`;
  /** The schema of its records in the state file. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** The IDs of the resources that cannot be deleted while this one exists. */
  uses(record: T): readonly string[];
  /** Whether it has a public address at this time (milliseconds since the epoch). If so, its VPC's internet gateway cannot be detached. */
  hasPublicAddress?(record: T, now: number): boolean;
}

type Fields<T> = T extends unknown ? Omit<T, 'id' | 'visibleAt'> : never;

/** The resources of one kind in one region. Its records are the state: change one, and the next write stores the change. */
export interface Collection<T extends Resource> {
  readonly kind: Kind<T>;
  /** The visible resource with this ID. Throws the kind's `….Malformed` and `….NotFound`. */
  find(id: string): T;
  /** The visible resources with these IDs, or all visible ones without IDs. Throws like `find`. */
  select(ids: readonly string[] | undefined): T[];
  /** All resources, oldest first, visible or not: for uniqueness, quotas and dependencies. */
  all(): T[];
  /** Adds a resource with a new ID. */
  add(fields: Fields<T>): T;
  /** Removes a resource. `endedAt` is when it ended, in milliseconds since the epoch, if that was earlier. */
  delete(id: string, endedAt?: number): void;
}

/** What a collection needs from its region. */
export interface CollectionEvents {
  now(): number;
  /** When a new resource becomes visible, in milliseconds since the epoch. */
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

/** The collections of a region, whatever their kinds. */
export type Collections = Readonly<Record<string, Collection<Resource>>>;

/** The collection with the resource of this ID, by its prefix; undefined for any other prefix. */
export function collectionOf(collections: Collections, id: string): Collection<Resource> | undefined {
  const prefix = id.slice(0, id.lastIndexOf('-'));
  return Object.values(collections).find(({ kind }) => kind.prefix === prefix);
}

/** The resources that use this one. It cannot be deleted while they exist. */
export function usersOf(collections: Collections, id: string): Resource[] {
  return Object.values(collections).flatMap(({ kind, all }) => all().filter((record) => kind.uses(record).includes(id)));
}

/** Whether a user of this resource has a public address at this time, in milliseconds since the epoch. */
export function mapsPublicAddress(collections: Collections, id: string, now: number): boolean {
  return Object.values(collections).some(({ kind, all }) =>
    all().some((record) => kind.uses(record).includes(id) && kind.hasPublicAddress?.(record, now)),
  );
}

/** A new ID: the prefix, `-0` and 16 hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** The refusal of IDs without a visible resource. */
export function notFound(kind: Pick<Kind<Resource>, 'noun' | 'notFound'>, ids: readonly string[]): AwsFailure {
  const text = ids.length === 1 ? `The ${kind.noun} '${ids[0]}' does not exist` : `The ${kind.noun}s '${ids.join(', ')}' do not exist`;
  return new AwsFailure(kind.notFound, text);
}

/** Whether a text has the form of an ID: 17 hexadecimal digits, or 8 for old resources. */
export function isId(prefix: string, id: string): boolean {
  return id.startsWith(`${prefix}-`) && /^([0-9a-f]{8}|[0-9a-f]{17})$/.test(id.slice(prefix.length + 1));
}

function malformedId<T extends Resource>(kind: Kind<T>, id: string): AwsFailure {
  return new AwsFailure(kind.malformed, `Invalid id: "${id}" (expecting "${kind.prefix}-...")`);
}
