import { DeleteNetworkInterfaceCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findNetworkInterfaces } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing, TerminatingInstances } from '../../core/document.ts';

/** Deletes the environment's network interface, which outlives its instance. Fails while it is attached, and the state machine retries. */
export const deleteNetworkInterface = step({
  input: v.object({ environment: HeldEnvironment, instances: TerminatingInstances }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment, instances: { networkInterfaceIds } }, { ec2 }) {
    await deleteAll(
      () => findNetworkInterfaces(ec2, environment),
      ({ NetworkInterfaceId }) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
      {
        resources: networkInterfaceIds.map((NetworkInterfaceId) => ({ NetworkInterfaceId })),
        idOf: ({ NetworkInterfaceId }) => NetworkInterfaceId,
      },
    );
  },
});

export const handler = lambdaHandler(deleteNetworkInterface);
