import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { inventory } from './inventory.ts';

/** The blocks of the subnets, with what has an address in each, and the zones of the instances. */
export async function placed(aws: TestAws) {
  const { subnets, instances } = await inventory(aws);
  return {
    blocks: subnets.map(({ CidrBlock }) => CidrBlock).sort(),
    instances: instances.map(({ Placement, PrivateIpAddress }) => [Placement?.AvailabilityZone, PrivateIpAddress?.replace(/\.\d+$/, '')]),
  };
}

/** From now on, EC2 has no capacity in these zones, and in the others it has. */
export const withoutCapacity = (aws: TestAws, ...zones: string[]) => aws.post('ec2', { withoutCapacity: zones.map((zone) => ({ zone })) });

/** The same where EC2 accepts what it has no capacity for, and ends it while it is pending. */
export const endingWithoutCapacity = (aws: TestAws, ...zones: string[]) =>
  aws.post('ec2', { withoutCapacity: zones.map((zone) => ({ zone, accepts: true })) });

/**
 * From now on, the first subnet is full, the next zone has no capacity, and the one after that accepts launches that it has none for: a start goes
 * to a fourth one.
 */
export const exhaust = (aws: TestAws) =>
  aws.post('ec2', {
    full: ['10.0.0.0/24'],
    withoutCapacity: [{ zone: 'us-east-1a' }, { zone: 'us-east-1b' }, { zone: 'us-east-1c', accepts: true }],
  });
