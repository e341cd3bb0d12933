import { DeleteNetworkInterfaceCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findNetworkInterfaces } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';

/** Deletes the environment's network interface, which outlives its instance. Fails while it is attached, and the state machine retries. */
export const deleteNetworkInterface = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    await deleteAll(
      () => findNetworkInterfaces(ec2, environment),
      ({ NetworkInterfaceId }) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
    );
  },
});

export const handler = lambdaHandler(deleteNetworkInterface);
