import type { TagSpecification } from '@aws-sdk/client-ec2';
import type { Region } from '../../ec2/operation.ts';
import { type Collection, collectionOf, type Resource } from '../../ec2/resource.ts';

export type GivenTag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

/** A resource of a call of EC2. */
export interface Subject {
  /** `*` for an action without resource-level permissions. */
  readonly arn: string;
  /** The tags that the call adds or removes. */
  readonly requestTags?: readonly GivenTag[];
  readonly resourceTags?: readonly GivenTag[];
  /** The call creates it. If it has tags, the call also needs CreateTags. */
  readonly made?: true;
}

/** The resources of one region as subjects. */
export interface Subjects {
  readonly region: Region;
  /** A resource that the call creates, with the tags of its TagSpecifications for this type. */
  made(type: string, specifications: readonly Partial<TagSpecification>[] | undefined, name?: string): Subject;
  /** A resource with its tags. It has none if it does not exist or is not visible yet. */
  existing<T extends Resource>(collection: Collection<T>, id: string | undefined): Subject;
  /** The resource with this ID, of any kind. */
  any(id: string): Subject;
  /** A key pair. Its ARN has its name. */
  keyPair(key: { name?: string | undefined; id?: string | undefined }): Subject;
  /** A resource whose tags do not count. */
  untagged(type: string, id: string): Subject;
  /** An image or a snapshot, of the account or published by others, whose tags nobody else sees. */
  published(type: 'image' | 'snapshot', id: string): Subject;
}

/** The subject of an action without resource-level permissions. */
export const everything: Subject = { arn: '*' };

/** The tags that a resource gets. Without a value, the value is empty. */
export function withValues(tags: readonly GivenTag[]): GivenTag[] {
  return tags.map(({ Key, Value = '' }) => ({ Key, Value }));
}

export function subjectsOf(region: Region): Subjects {
  const { resources } = region;
  // The ARNs of images and snapshots have no account: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
  const accountIn = (type: string) => (type === 'image' || type === 'snapshot' ? '' : region.accountId);
  const arnOf = (type: string, name: string) => `arn:aws:ec2:${region.region}:${accountIn(type)}:${type}/${name}`;

  const subjects: Subjects = {
    region,
    made(type, specifications = [], name = '*') {
      const given = specifications.flatMap(({ ResourceType, Tags = [] }) => (ResourceType === type ? Tags : []));
      return { arn: arnOf(type, name), requestTags: withValues(given), made: true };
    },
    existing({ kind, visible }, id) {
      const found = id === undefined ? undefined : visible(id);
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
    published(type, id) {
      const own = type === 'image' ? resources.images : resources.snapshots;
      return own.get(id) ? subjects.existing<Resource>(own, id) : subjects.untagged(type, id);
    },
  };
  return subjects;
}
