import { RecodeError } from './errors.ts';

// https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
const canonical: Readonly<Record<string, string>> = { aws: '099720109477', 'aws-us-gov': '513442679011', 'aws-cn': '837727238323' };

/**
 * The account that publishes Ubuntu's images in the partition of an ARN.
 *
 * @throws RecodeError PartitionNotSupported
 */
export function imagePublisher(arn: string): string {
  const partition = arn.split(':')[1] ?? '';
  const account = Object.hasOwn(canonical, partition) ? canonical[partition] : undefined;
  if (account !== undefined) return account;
  throw new RecodeError('PartitionNotSupported', `The account that publishes Ubuntu images in the partition ${partition} is not known.`);
}
