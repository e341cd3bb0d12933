import * as v from 'valibot';
import { dynamodb } from '../../aws/clients.ts';
import { readEnvironments } from '../../aws/records/environment.ts';
import { beginDeletion } from '../../aws/records/network.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { Nothing } from '../../core/document.ts';
import { environmentsStillExist } from '../../core/environment.ts';
import { Operation } from '../../core/operation.ts';

/** Refuses to uninstall while there is an environment; where there is none, the network counts as incomplete from here on. */
export const confirmUninstall = step({
  input: v.object({ operation: Operation }),
  output: Nothing,
  uses: { dynamodb },
  async run({ operation }, { dynamodb }) {
    const environments = await readEnvironments(dynamodb);
    if (environments.length > 0) throw environmentsStillExist(environments);
    await beginDeletion(dynamodb, operation);
  },
});

export const handler = lambdaHandler(confirmUninstall);
