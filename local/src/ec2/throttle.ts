import type { Buckets } from '../buckets.ts';
import type { Ec2Limits } from '../profiles.ts';
import { AwsFailure } from '../service.ts';
import type { Decoded } from './wire.ts';

/** Counts a call in a region. Throws `RequestLimitExceeded` if it is one too many, and counts none of its instances then. */
export function throttle(buckets: Buckets, limits: Ec2Limits, region: string, action: string, input: Decoded): void {
  const { reading, readingAll, changing, actions, instances } = limits;
  const take = (name: string, limit = actions[action] ?? (isReading(action) ? reading : changing), tokens = 1) => {
    if (!buckets.take(`${region} ${name}`, limit, tokens)) throw new AwsFailure('RequestLimitExceeded', 'Request limit exceeded.', 503);
  };
  if (readingAll.actions.includes(action) && !isSelective(input)) take(`all of ${action}`, readingAll.limit);
  else take(action);
  const ofInstances = instances[action];
  if (ofInstances) take(`instances of ${action}`, ofInstances, instancesIn(input));
}

const isReading = (action: string) => /^(Describe|Get|List|Search)/.test(action);

/** Whether a call has a filter or a page. A list of IDs is neither. */
function isSelective({ Filters, MaxResults, NextToken }: Decoded): boolean {
  return (Array.isArray(Filters) && Filters.length > 0) || MaxResults !== undefined || NextToken !== undefined;
}

function instancesIn({ InstanceIds, MaxCount }: Decoded): number {
  return Array.isArray(InstanceIds) ? InstanceIds.length : Number(MaxCount ?? 1);
}
