import * as v from 'valibot';
import { startStopped } from '../../aws/ec2/start.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, Nothing } from '../../core/document.ts';

/** Starts the environment's stopped instance, which had to change first. Does nothing if it is starting or running already. */
export const startInstance = step({
  input: v.object({ plan: FoundPlan }),
  output: Nothing,
  uses: { ec2 },
  run: ({ plan }, { ec2 }) => startStopped(ec2, plan),
});

export const handler = lambdaHandler(startInstance);
