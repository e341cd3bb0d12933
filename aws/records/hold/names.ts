import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Environment } from '../../../core/environment.ts';
import { environmentId } from '../../../core/names.ts';
import type { EnvironmentSubject } from '../read/environment.ts';
import { type Claim, claimKey } from '../read/names.ts';
import { deleteItem, putItem } from './table.ts';

/** Claims the name of an environment, unless another one has. Returns whether it has it then. */
export function claim(dynamodb: DynamoDBClient, environment: Environment & { readonly name: string }): Promise<boolean> {
  const { name, uid } = environment;
  const id = environmentId(environment);
  return putItem(
    dynamodb,
    claimKey(name),
    { environment: id, uid },
    { when: 'attribute_not_exists(#kind) OR #environment = :environment', values: { ':environment': id } },
  );
}

/**
 * Hands the claim of an environment on a name from the record of its former owner to that of its new one. Does nothing if the former one does not
 * have it (anymore): its next start claims a name that nobody has.
 */
export async function handClaim(
  dynamodb: DynamoDBClient,
  name: string,
  { uid, from, to }: Pick<Environment, 'uid'> & { readonly from: EnvironmentSubject; readonly to: EnvironmentSubject },
): Promise<void> {
  await putItem(
    dynamodb,
    claimKey(name),
    { environment: environmentId(to), uid },
    {
      when: '#environment = :former AND (attribute_not_exists(#uid) OR #uid = :uid)',
      values: { ':former': environmentId(from), ':uid': uid },
    },
  );
}

/** Deletes a claim that is still what was read. Returns whether it was. */
export function deleteClaim(dynamodb: DynamoDBClient, { id, environment, uid }: Claim): Promise<boolean> {
  const same = uid === undefined ? 'attribute_not_exists(#uid)' : '#uid = :uid';
  return deleteItem(dynamodb, claimKey(id), {
    when: `#environment = :environment AND ${same}`,
    values: { ':environment': environment, ...(uid !== undefined && { ':uid': uid }) },
  });
}
