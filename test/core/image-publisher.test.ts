import { expect, it } from 'vitest';
import { imagePublisher } from '../../core/image-publisher.ts';

const arn = (partition: string) => `arn:${partition}:states:somewhere-1:000000000000:execution:recode-start:one`;

// https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
it.each([
  ['aws', '099720109477'],
  ['aws-us-gov', '513442679011'],
  ['aws-cn', '837727238323'],
])('knows who publishes the images of %s', (partition, account) => {
  expect(imagePublisher(arn(partition))).toBe(account);
});

it.each(['aws-iso', 'aws-eusc', 'constructor', ''])('refuses the partition %j', (partition) => {
  expect(() => imagePublisher(arn(partition))).toThrow(expect.objectContaining({ name: 'PartitionNotSupported' }));
});
