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
  readonly visibleAt: number;
  readonly tags: readonly Tag[];
}

/** A record of a collection, which only the collection changes. */
export type Stored<T> = T extends readonly (infer Item)[]
  ? readonly Stored<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Stored<T[K]> }
    : T;

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
  /** The IDs of other resources by which it is looked up, too. */
  belongsTo?(record: T): readonly string[];
  /** Whether it has a public address at this time (milliseconds since the epoch). If so, its VPC's internet gateway cannot be detached. */
  hasPublicAddress?(record: T, now: number): boolean;
}

type Fields<T> = T extends unknown ? Omit<T, 'id' | 'visibleAt'> : never;

/** The resources of one kind in one region. Its records are the state, and the next write stores what was added, changed and deleted. */
export interface Collection<T extends Resource> {
  readonly kind: Kind<T>;
  /** The visible resource with this ID. Throws the kind's `….Malformed` and `….NotFound`. */
  find(id: string): T;
  /** The visible resources with these IDs, or all visible ones without IDs. Throws like `find`. */
  select(ids: readonly string[] | undefined): T[];
  /** The visible resource with this ID, if there is one. */
  visible(id: string): T | undefined;
  /** The resource with this ID, visible or not. */
  get(id: string): T | undefined;
  /** All resources, oldest first, visible or not: for uniqueness, quotas and dependencies. */
  all(): T[];
  /** The resources that use this one or belong to it, in the order in which they began to, visible or not. It does not look at others. */
  of(id: string): T[];
  /** Adds a resource with a new ID. */
  add(fields: Fields<T>): T;
  /** Changes members of a record in place. */
  change(record: T, fields: Partial<Fields<T>>): void;
  /** Removes a resource. `endedAt` is when it ended, in milliseconds since the epoch, if that was earlier. */
  delete(id: string, endedAt?: number): void;
  /** Calls back for each resource that is added or changed from now on. */
  watch(listener: (record: T) => void): void;
}

/** What a collection needs from its region. */
export interface CollectionEvents {
  now(): number;
  /** When a new resource becomes visible, in milliseconds since the epoch. */
  visibleAt(): number;
  added(record: Resource): void;
  changed(record: Resource): void;
  deleted(record: Resource, endedAt: number): void;
}

export function createCollection<T extends Resource>(kind: Kind<T>, records: readonly T[], events: CollectionEvents): Collection<T> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const related = createIndex<T>();
  const relationsOf = (record: T) => new Set([...kind.uses(record), ...(kind.belongsTo?.(record) ?? [])]);
  for (const record of records) related.put(record, new Set(), relationsOf(record));
  const listeners: ((record: T) => void)[] = [];
  const isVisible = (record: T) => record.visibleAt <= events.now();
  const visible = (id: string) => {
    const record = byId.get(id);
    return record && isVisible(record) ? record : undefined;
  };
  const select = (ids: readonly string[]): T[] => {
    for (const id of ids) if (!isId(kind.prefix, id)) throw malformedId(kind, id);
    const missing = ids.filter((id) => !visible(id));
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
    select: (ids) => (ids === undefined || ids.length === 0 ? [...byId.values()].filter(isVisible) : select([...new Set(ids)])),
    visible,
    get: (id) => byId.get(id),
    all: () => [...byId.values()],
    of: (id) => related.of(id),
    add(fields) {
      // The type of what is left out of T, and added again, is not T for TypeScript.
      const record = { ...fields, id: newId(kind.prefix), visibleAt: events.visibleAt() } as unknown as T;
      byId.set(record.id, record);
      related.put(record, new Set(), relationsOf(record));
      events.added(record);
      for (const listener of listeners) listener(record);
      return record;
    },
    change(record, fields) {
      const before = relationsOf(record);
      Object.assign(record, fields);
      related.put(record, before, relationsOf(record));
      events.changed(record);
      for (const listener of listeners) listener(record);
    },
    delete(id, endedAt = events.now()) {
      const record = byId.get(id);
      if (!record) return;
      byId.delete(id);
      related.put(record, relationsOf(record), new Set());
      events.deleted(record, endedAt);
    },
    watch(listener) {
      listeners.push(listener);
    },
  };
}

/** Records by the IDs to which they are related, in the order in which they became so. */
function createIndex<T>() {
  const records = new Map<string, Set<T>>();
  return {
    of: (id: string): T[] => [...(records.get(id) ?? [])],
    put(record: T, before: ReadonlySet<string>, now: ReadonlySet<string>) {
      for (const id of before) {
        if (now.has(id)) continue;
        const others = records.get(id);
        others?.delete(record);
        if (others?.size === 0) records.delete(id);
      }
      for (const id of now) {
        if (before.has(id)) continue;
        const others = records.get(id);
        if (others) others.add(record);
        else records.set(id, new Set([record]));
      }
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
  return Object.values(collections).flatMap(({ kind, of }) => of(id).filter((record) => kind.uses(record).includes(id)));
}

/** Whether a user of this resource has a public address at this time, in milliseconds since the epoch. */
export function mapsPublicAddress(collections: Collections, id: string, now: number): boolean {
  return Object.values(collections).some(({ kind, of }) =>
    of(id).some((record) => kind.uses(record).includes(id) && kind.hasPublicAddress?.(record, now)),
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
