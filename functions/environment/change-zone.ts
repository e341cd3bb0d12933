import { DeleteNetworkInterfaceCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { suggestion } from '../../aws/ec2/instance-type.ts';
import { findNetworkInterfaces } from '../../aws/ec2/resources.ts';
import { nextSubnet } from '../../aws/ec2/subnet.ts';
import { failureOf } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Failure, HeldEnvironment, PlacedInterface, Subnet, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { InstanceType } from '../../core/instance-type.ts';

/**
 * Moves the start on to the next zone, after EC2 had no capacity in one: finds a subnet there or creates one, and deletes the network
 * interface, which cannot leave its zone. Each zone is tried once.
 */
export const changeZone = step({
  input: v.object({
    environment: HeldEnvironment,
    network: UsableNetwork,
    instanceType: InstanceType,
    networkInterface: PlacedInterface,
    subnet: v.optional(Subnet),
    /** What EC2 said of the zone. */
    noCapacity: Failure,
  }),
  output: Subnet,
  uses: { ec2, settings },
  async run({ environment, network: { ids }, instanceType, networkInterface, subnet, noCapacity }, { ec2, settings }) {
    const { networkInterfaceId, zone } = networkInterface;
    const { full = [], withoutCapacity = [] } = subnet ?? {};
    const givenUp = { full, withoutCapacity: [...withoutCapacity, zone] };
    const next = await nextSubnet(ec2, { vpcId: ids.vpcId, instanceType, givenUp }, settings, async () => {
      const zones = givenUp.withoutCapacity.toSorted();
      const advice = await suggestion(ec2, instanceType.name, zones, settings);
      const { message } = failureOf(noCapacity.Error, noCapacity.Cause);
      const none = `No zone has capacity for ${instanceType.name} now: not ${zones.join(', ')}.`;
      return new RecodeError('NoCapacity', [none, ...advice, message].join(' '));
    });
    await deleteAll(
      async () => (await findNetworkInterfaces(ec2, environment)).filter((one) => one.NetworkInterfaceId === networkInterfaceId),
      ({ NetworkInterfaceId }) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
      { resources: [{ NetworkInterfaceId: networkInterfaceId }], idOf: ({ NetworkInterfaceId }) => NetworkInterfaceId },
    );
    return next;
  },
});

export const handler = lambdaHandler(changeZone);
