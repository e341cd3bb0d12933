import * as v from 'valibot';
import { takeNetworkToRepair } from '../../aws/records/hold/network.ts';
import { dynamodb, sfn } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';
import { Operation } from '../../core/operation.ts';

/** Takes the network to create its missing parts again. While another execution holds it, the state waits. */
export const claimRepair = step({
  input: v.object({ operation: Operation }),
  output: Nothing,
  uses: { dynamodb, sfn },
  // It may wait for an operation.
  pause: 1_000,
  async run({ operation }, { dynamodb, sfn, clock }) {
    await takeNetworkToRepair(dynamodb, sfn, operation, clock.now());
  },
});

export const handler = lambdaHandler(claimRepair);
