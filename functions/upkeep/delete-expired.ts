import * as v from 'valibot';
import { deleteKept, keptFilters } from '../../aws/ec2/kept.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { DeletedKept } from '../../core/document.ts';
import { isOver } from '../../core/kept.ts';

/** Deletes the kept disks of all owners whose time is over, also where Recode is no longer installed. */
export const deleteExpired = step({
  input: v.object({}),
  output: DeletedKept,
  uses: { ec2 },
  async run(_, { ec2, clock }) {
    const deleted = await deleteKept(ec2, keptFilters(), (tags) => isOver(tags, clock.now()));
    return { deleted: deleted.length };
  },
});

export const handler = lambdaHandler(deleteExpired);
