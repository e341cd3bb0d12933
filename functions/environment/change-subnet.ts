import * as v from 'valibot';
import { nextSubnet } from '../../aws/ec2/subnet.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Subnet, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { InstanceType } from '../../core/instance-type.ts';

/** Finds another subnet for the network interface, or creates one, after EC2 had no free address in the subnet that was tried. */
export const changeSubnet = step({
  input: v.object({ network: UsableNetwork, instanceType: InstanceType, subnet: v.optional(Subnet) }),
  output: Subnet,
  uses: { ec2, settings },
  async run({ network: { ids }, instanceType, subnet }, { ec2, settings }) {
    const { subnetId, full, withoutCapacity }: Subnet = { full: [], withoutCapacity: [], ...ids.subnets[0], ...subnet };
    const givenUp = { full: [...full, subnetId], withoutCapacity };
    return nextSubnet(ec2, { vpcId: ids.vpcId, instanceType, givenUp }, settings, () => {
      const zones = instanceType.zones.join(', ');
      return new RecodeError('NoCapacity', `None of the zones that offer ${instanceType.name} (${zones}) is available now.`);
    });
  },
});

export const handler = lambdaHandler(changeSubnet);
