import * as v from 'valibot';
import { allEnded } from '../../aws/all-ended.ts';
import { type Identities, identities } from '../../aws/executions/identities.ts';
import { readNetwork } from '../../aws/records/read/network.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { BegunReconcile, type Check, provenExecution, ReconcileInput } from '../../core/document.ts';
import { autoStopCaller } from '../../core/owner.ts';
import { isAdministrator, type TeammateSettings } from '../../core/teammates.ts';

/**
 * Decides what a check of the records may do. Everybody may look. What AWS has is changed only for somebody who has proved who they are. The
 * daily check has no proof: it changes records alone.
 *
 * @throws RecodeError RecodeNotInstalled: without the table, everything would look as if it had no record
 */
export const beginReconcile = step({
  input: v.object({ ...provenExecution, startedAt: v.string(), input: ReconcileInput }),
  output: BegunReconcile,
  uses: { dynamodb, identities, settings },
  async run(begun, { dynamodb, identities, settings }) {
    const { executionArn, startedAt, input } = begun;
    const { extent = 'nothing', delete: ids = [] } = input;
    const changes = extent === 'all' || ids.length > 0;
    const [by] = await allEnded([changes ? askerOf(begun, identities, settings) : null, readNetwork(dynamodb)]);
    // A repair makes the parts of the network that a start makes, and holds it as a start does. The daily check repairs nothing.
    const operation = { executionArn, kind: 'start', owner: by?.owner ?? autoStopCaller, startedAt } as const;
    return { check: { extent, delete: ids, by }, operation };
  },
});

export const handler = lambdaHandler(beginReconcile);

async function askerOf(
  { executionArn, signed, input: { proof } }: { executionArn: string; signed?: unknown; input: ReconcileInput },
  identities: Identities,
  { administrators }: TeammateSettings,
): Promise<Check['by']> {
  const { owner, arn } = await identities.starterOf({ executionArn, signed, proof });
  return { owner, administrator: isAdministrator(arn, administrators) };
}
