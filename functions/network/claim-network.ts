import * as v from 'valibot';
import { takeNetworkToCreate } from '../../aws/records/hold/network.ts';
import { dynamodb, sfn } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Network } from '../../core/network.ts';
import { Operation } from '../../core/operation.ts';

/** Takes the network to create it, unless it is ready. While another execution creates it, `NetworkBusy` makes the state wait. */
export const claimNetwork = step({
  input: v.object({ operation: Operation }),
  output: Network,
  uses: { dynamodb, sfn },
  run: ({ operation }, { dynamodb, sfn, clock }) => takeNetworkToCreate(dynamodb, sfn, operation, clock.now()),
});

export const handler = lambdaHandler(claimNetwork);
