import type { TagSpecification } from '@aws-sdk/client-ec2';
import type { Region } from '../../ec2/operation.ts';
import { type Collection, collectionOf, type Resource } from '../../ec2/resource.ts';

export type GivenTag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

/** A resource that a call of EC2 is about. */
export interface Subject {
  /** `*` where the call is about none in particular. */
  readonly arn: string;
  /** The tags that the call gives it, or takes from it. */
  readonly requestTags?: readonly GivenTag[];
  readonly resourceTags?: readonly GivenTag[];
  /** The call makes it: its tags need the right to tag, too. */
  readonly made?: true;
}

/** The resources of one region, as authorization looks at them. */
export interface Subjects {
  readonly region: Region;
  /** What the call makes, with the tags that its TagSpecifications have for this type. */
  made(type: string, specifications: readonly Partial<TagSpecification>[] | undefined, name?: string): Subject;
  /** A resource with its tags. One that does not exist, or is not visible yet, has none. */
  existing<T extends Resource>(collection: Collection<T>, id: string | undefined): Subject;
  /** The resource with this id, whatever its kind. */
  any(id: string): Subject;
  /** A key pair, whose ARN has its name. */
  keyPair(key: { name?: string | undefined; id?: string | undefined }): Subject;
  /** A resource whose tags do not count for the call. */
  untagged(type: string, id: string): Subject;
  /** An image or a snapshot, whose ARN names no account. */
  published(type: 'image' | 'snapshot', id: string): Subject;
}

/** What calls are about that IAM does not tell apart by resources. */
export const everything: Subject = { arn: '*' };

/** Tags as they are given to a resource: one without a value has the empty one. */
export function withValues(tags: readonly GivenTag[]): GivenTag[] {
  return tags.map(({ Key, Value = '' }) => ({ Key, Value }));
}

export function subjectsOf(region: Region): Subjects {
  const { resources } = region;
  const arnOf = (type: string, name: string, accountId = region.accountId) => `arn:aws:ec2:${region.region}:${accountId}:${type}/${name}`;

  const subjects: Subjects = {
    region,
    made(type, specifications = [], name = '*') {
      const given = specifications.flatMap(({ ResourceType, Tags = [] }) => (ResourceType === type ? Tags : []));
      return { arn: arnOf(type, name), requestTags: withValues(given), made: true };
    },
    existing({ kind, select }, id) {
      const found = id === undefined ? undefined : select(undefined).find((one) => one.id === id);
      return { arn: arnOf(kind.type, id ?? '*'), resourceTags: found?.tags ?? [] };
    },
    any(id) {
      if (id.startsWith(`${resources.keyPairs.kind.prefix}-`)) return subjects.keyPair({ id });
      const collection = collectionOf(resources, id);
      return collection ? subjects.existing(collection, id) : everything;
    },
    keyPair({ name, id }) {
      const found = resources.keyPairs.select(undefined).find((one) => one.id === id || one.name === name);
      return { arn: arnOf('key-pair', name ?? found?.name ?? id ?? '*'), resourceTags: found?.tags ?? [] };
    },
    untagged: (type, id) => ({ arn: arnOf(type, id) }),
    published: (type, id) => ({ arn: arnOf(type, id, '') }),
  };
  return subjects;
}
