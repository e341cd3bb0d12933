import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import type { Tag } from '../../core/tags.ts';

/**
 * Tags as an EC2 call takes them that creates a resource.
 *
 * @param costTags the administrator's, which every resource has beside ours
 */
export function tagged(resourceType: ResourceType, tags: readonly Tag[], costTags: readonly Tag[]): TagSpecification[] {
  return [{ ResourceType: resourceType, Tags: [...tags, ...costTags] }];
}
