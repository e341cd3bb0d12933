import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { identities } from '../../aws/executions/identities.ts';
import { changeKeys as writeKeys } from '../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { KeysInput, KeysOutput, provenExecution } from '../../core/document.ts';
import { requireChangeable } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { acceptedKeys, type Keys, withKey, withoutKey } from '../../core/keys.ts';

/**
 * Records which keys an environment accepts: one more, or one less. Only its owner changes them. Its next start lets them in. It takes no
 * lock, because one write changes them, and only if they are as they were read.
 */
export const changeKeys = step({
  input: v.object({ ...provenExecution, input: KeysInput }),
  output: KeysOutput,
  uses: { dynamodb, identities },
  async run({ executionArn, signed, input }, { dynamodb, identities, clock }) {
    const { proof, environment, change } = input;
    const { owner } = await identities.starterOf({ executionArn, signed, proof });
    if (owner !== environment.owner) {
      throw new RecodeError('NotYourEnvironment', `Only ${environment.owner} can change the keys of this environment.`);
    }
    const at = new Date(clock.now()).toISOString();
    const changed = (keys: Keys) => (change.action === 'add' ? withKey(keys, change.publicKey, at) : withoutKey(keys, change.fingerprint));
    return { publicKeys: [...(await record(dynamodb, environment, changed))] };
  },
});

export const handler = lambdaHandler(changeKeys);

async function record(
  dynamodb: DynamoDBClient,
  subject: KeysInput['environment'],
  changed: (keys: Keys) => Keys,
): Promise<readonly string[]> {
  const environment = requireChangeable(await readEnvironment(dynamodb, subject), subject);
  const before = acceptedKeys(environment.wanted);
  const keys = changed(environment.wanted);
  // An earlier attempt may have changed them before its answer was lost.
  if (acceptedKeys(keys).length === before.length) return before;
  if (await writeKeys(dynamodb, environment, keys)) return acceptedKeys(keys);
  // Another execution was faster.
  return record(dynamodb, subject, changed);
}
