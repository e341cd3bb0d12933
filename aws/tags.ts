import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import type { Tag } from '../core/tags.ts';

/** Tags as a call of EC2 takes them that creates a resource, with those by which the administrator tells costs apart. */
export function tagged(resourceType: ResourceType, tags: readonly Tag[]): TagSpecification[] {
  return [{ ResourceType: resourceType, Tags: withCostTags(tags) }];
}

/** Tags with those by which the administrator tells costs apart: `team=platform,cost-center=42` in the variable RECODE_TAGS. */
export function withCostTags(tags: readonly Tag[]): Tag[] {
  const pairs = (process.env.RECODE_TAGS ?? '').split(',').map((pair) => pair.trim());
  return [...tags, ...pairs.flatMap((pair) => (pair === '' ? [] : tagOf(pair)))];
}

function tagOf(pair: string): Tag {
  const equals = pair.indexOf('=');
  return { Key: pair.slice(0, equals), Value: pair.slice(equals + 1) };
}
