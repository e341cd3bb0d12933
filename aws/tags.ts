import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import type { Tag } from '../core/tags.ts';

/** Tags as a creating call takes them. */
export function tagged(resourceType: ResourceType, tags: readonly Tag[]): TagSpecification[] {
  return [{ ResourceType: resourceType, Tags: [...tags] }];
}
