import { RecodeError } from '../../core/errors.ts';
import type { Account } from '../account.ts';

type Place = Pick<Account, 'partition' | 'region'>;

/** The console's page of an instance. Throws RecodeError PartitionNotSupported. */
export function instancePage(place: Place, instanceId: string): string {
  return page(place, 'ec2', `InstanceDetails:instanceId=${encodeURIComponent(instanceId)}`);
}

/** The console's list of Recode's instances. Throws RecodeError PartitionNotSupported. */
export function instancesPage(place: Place): string {
  return page(place, 'ec2', 'Instances:search=recode-');
}

/** The console's page of an execution. Throws RecodeError PartitionNotSupported. */
export function executionPage(place: Place, executionArn: string): string {
  return page(place, 'states', `/v2/executions/details/${executionArn.split(':').map(encodeURIComponent).join(':')}`);
}

// The domains that https://github.com/aws-samples/sagemaker-ssh-helper (sagemaker_ssh_helper/aws.py) takes from the guides of AWS. They also
// answer without a region before them, as templates of AWS in GovCloud and China link to them, and lead to the one that `region` names.
const consoles: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-cn': 'console.amazonaws.cn',
};

function page({ partition, region }: Place, service: string, fragment: string): string {
  const host = Object.hasOwn(consoles, partition) ? consoles[partition] : undefined;
  if (host === undefined) {
    throw new RecodeError('PartitionNotSupported', `The address of the AWS console in the partition ${partition} is not known.`);
  }
  return `https://${host}/${service}/home?region=${encodeURIComponent(region)}#${fragment}`;
}
