import * as v from 'valibot';
import { beginDeletion } from '../../aws/records/hold/network.ts';
import { readEnvironments } from '../../aws/records/read/environment.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';
import { environmentsStillExist } from '../../core/environment.ts';
import { Operation } from '../../core/operation.ts';

/** Refuses to uninstall while an environment exists. Otherwise marks the network incomplete, before anything is deleted. */
export const confirmUninstall = step({
  input: v.object({ operation: Operation }),
  output: Nothing,
  uses: { dynamodb },
  async run({ operation }, { dynamodb }) {
    const { items: environments, unreadable } = await readEnvironments(dynamodb);
    if (unreadable[0]) throw unreadable[0];
    if (environments.length > 0) throw environmentsStillExist(environments);
    await beginDeletion(dynamodb, operation);
  },
});

export const handler = lambdaHandler(confirmUninstall);
