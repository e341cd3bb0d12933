import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import { AwsFailure } from '../service.ts';
import { type FilterTable, filtered } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated, usualPageSize } from './pagination.ts';
import { type Collection, collectionOf, type Resource, type Tag } from './resource.ts';

/** The supported parts of TagSpecifications: spread it into `honors`. */
export const honorsTagSpecifications = {
  'TagSpecifications.ResourceType': true,
  'TagSpecifications.Tags.Key': true,
  'TagSpecifications.Tags.Value': true,
} as const;

type GivenTag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

const maximumTags = 50;
const maximumKeyLength = 127;
const maximumValueLength = 256;
const allowedCharacters = /^[\p{L}\p{N}\p{Z}+\-=._:/@]*$/u;

/**
 * The tags of each type that a call creates: `tagsOf(input.TagSpecifications, 'instance', 'volume').volume`.
 * Throws `InvalidParameterValue` for another type, a duplicate key or an invalid tag, and `TagLimitExceeded`.
 */
export function tagsOf<T extends ResourceType>(
  specifications: readonly Partial<TagSpecification>[] | undefined,
  ...types: readonly T[]
): Record<T, Tag[]> {
  const tags = Object.fromEntries(types.map((type) => [type, [] as Tag[]])) as Record<T, Tag[]>;
  for (const { ResourceType: type, Tags: given } of specifications ?? []) {
    if (type === undefined) throw new AwsFailure('InvalidParameterValue', 'Tag specification resource type must have a value');
    if (!isOneOf(types, type))
      throw new AwsFailure('InvalidParameterValue', `'${type}' is not a valid taggable resource type for this operation.`);
    if (given === undefined) throw new AwsFailure('InvalidParameterValue', 'Tag specification must have at least one tag');
    tags[type] = checkedTags([...tags[type], ...given]);
  }
  return tags;
}

const tagFilters: FilterTable<DescribedTag> = {
  honored: {
    key: ({ Key }) => Key,
    'resource-id': ({ ResourceId }) => ResourceId,
    'resource-type': ({ ResourceType }) => ResourceType,
    value: ({ Value }) => Value,
  },
  unsupported: [],
  tags: (tag) => [tag],
};

interface DescribedTag extends Tag {
  readonly ResourceId: string;
  readonly ResourceType: ResourceType;
}

export const tagOperations = {
  CreateTags: {
    honors: { Resources: true, 'Tags.Key': true, 'Tags.Value': true },
    mutates: true,
    run({ Resources, Tags }, call) {
      const added = checkedTags(Tags);
      const changes = Resources.map((id) => ({ ...taggable(call, id), tags: new Map<string, string>() }));
      for (const { resource, tags } of changes) {
        for (const { Key, Value } of [...resource.tags, ...added]) tags.set(Key, Value);
        checkCount(tags.size);
      }
      for (const { collection, resource, tags } of changes)
        collection.change(resource, { tags: [...tags].map(([Key, Value]) => ({ Key, Value })) });
      return {};
    },
  },

  DeleteTags: {
    honors: { Resources: true, 'Tags.Key': true, 'Tags.Value': true },
    mutates: true,
    run({ Resources, Tags }, call) {
      const changes = Resources.map((id) => taggable(call, id));
      // A key without a value deletes the tag with any value. Without tags, the call deletes all.
      const doomed = (tag: Tag) =>
        Tags === undefined || Tags.some(({ Key, Value }) => Key === tag.Key && (Value === undefined || Value === tag.Value));
      for (const { collection, resource } of changes) collection.change(resource, { tags: resource.tags.filter((tag) => !doomed(tag)) });
      return {};
    },
  },

  DescribeTags: {
    honors: { 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: tagFilters,
    run(input, call) {
      const described = Object.values(call.resources).flatMap((collection) =>
        collection
          .select(undefined)
          .flatMap((resource: Resource) => resource.tags.map((tag) => describedTag(tag, resource, collection.kind.type))),
      );
      const { page, NextToken } = paginated(
        call,
        input,
        filtered(tagFilters, described, input.Filters),
        ({ ResourceId, Key }) => `${ResourceId} ${Key}`,
        usualPageSize,
      );
      return { Tags: page, NextToken };
    },
  },
} satisfies Operations;

function describedTag({ Key, Value }: Tag, { id }: Resource, type: ResourceType): DescribedTag {
  return { Key, ResourceId: id, ResourceType: type, Value };
}

function taggable(call: Call, id: string): { collection: Collection<Resource>; resource: Resource } {
  const collection = collectionOf(call.resources, id);
  if (!collection) throw new AwsFailure('InvalidID', `The ID '${id}' is not valid`);
  return { collection, resource: collection.find(id) };
}

function checkedTags(given: readonly GivenTag[]): Tag[] {
  const tags = given.map(checkedTag);
  const duplicate = tags.find(({ Key }, index) => tags.findIndex((other) => other.Key === Key) < index);
  if (duplicate) throw new AwsFailure('InvalidParameterValue', `Duplicate tag key '${duplicate.Key}' specified.`);
  checkCount(tags.length);
  return tags;
}

function checkedTag({ Key = '', Value = '' }: GivenTag): Tag {
  const refused = (parameter: 'key' | 'value', value: string, reason: string) =>
    new AwsFailure('InvalidParameterValue', `Value ( ${value} ) for parameter ${parameter} is invalid. ${reason}`);
  if (Key === '') throw refused('key', Key, 'Tag key cannot be empty.');
  if (Key.length > maximumKeyLength) throw refused('key', Key, `Tag key exceeds the maximum length of ${maximumKeyLength} characters.`);
  if (/^aws:/i.test(Key)) throw refused('key', Key, "Tag keys starting with 'aws:' are reserved for internal use");
  if (!allowedCharacters.test(Key)) throw refused('key', Key, 'It contains characters that a tag cannot have.');
  if (Value.length > maximumValueLength)
    throw refused('value', Value, `Tag value exceeds the maximum length of ${maximumValueLength} characters.`);
  if (!allowedCharacters.test(Value)) throw refused('value', Value, 'It contains characters that a tag cannot have.');
  return { Key, Value };
}

function checkCount(count: number): void {
  if (count > maximumTags) throw new AwsFailure('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
}

function isOneOf<T extends string>(types: readonly T[], type: string): type is T {
  return types.some((one) => one === type);
}
