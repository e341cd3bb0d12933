import * as v from 'valibot';
import { deleteKept as deleteAllKept, keptFilters } from '../../aws/ec2/kept.ts';
import { identities } from '../../aws/executions/identities.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { DeletedKept, DeleteKeptInput, provenExecution } from '../../core/document.ts';
import { actingAs } from '../../core/teammates.ts';

/** Deletes the kept disks of an environment that was removed: its owner may, and everyone who may remove it. */
export const deleteKept = step({
  input: v.object({ ...provenExecution, input: DeleteKeptInput }),
  output: DeletedKept,
  uses: { ec2, identities, settings },
  async run({ executionArn, signed, input: { proof, environment } }, { ec2, identities, settings }) {
    actingAs(await identities.starterOf({ executionArn, signed, proof }), environment, settings);
    return { deleted: (await deleteAllKept(ec2, keptFilters(environment))).length };
  },
});

export const handler = lambdaHandler(deleteKept);
