import * as v from 'valibot';
import { deleteKept, keptFilters } from '../../aws/ec2/kept.ts';
import { tagFilters } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';
import { tagKey } from '../../core/tags.ts';

/** Deletes the images with which moves took the environment's disk to another zone, once an instance runs with it. */
export const deleteMoveImages = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    await deleteKept(ec2, [...keptFilters(environment), ...tagFilters([{ Key: tagKey.moved, Value: environment.uid }])]);
  },
});

export const handler = lambdaHandler(deleteMoveImages);
