import type { Environment } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { acceptedKeys, withoutKey } from '../../../../core/keys.ts';
import { commentOf, sshFingerprint } from '../../../../core/openssh-key.ts';
import type { EnvironmentTarget } from '../../../environment.ts';
import { inSession } from '../../../execution/session.ts';
import type { Output } from '../../../output.ts';
import { changeKeys, conclude, openToChange } from './change.ts';

/** A key to remove. */
export interface RemoveRequest extends EnvironmentTarget {
  /** Its fingerprint or comment. */
  readonly key: string;
}

/**
 * Removes a key from an environment.
 *
 * @throws RecodeError KeyNotFound, LastKey, what the execution fails with, and those of cli/environment.ts
 */
export function runRemove(request: RemoveRequest, output: Output): Promise<void> {
  return inSession(output, `change of the keys of ${request.repository}`, async (session) => {
    const { environment, record } = await openToChange(request, session);
    const fingerprint = fingerprintOf(record, request.key);
    withoutKey(record.wanted, fingerprint);
    await changeKeys(environment, { action: 'remove', fingerprint }, session);
    const said = `Removed the key ${fingerprint} from ${record.repository}`;
    await conclude(environment, { said, effect: 'is refused', before: record }, session, output);
  });
}

/** The fingerprint of the one key that a person names. */
function fingerprintOf({ wanted, repository }: Environment, named: string): string {
  const keys = acceptedKeys(wanted).map((publicKey) => ({ fingerprint: sshFingerprint(publicKey), comment: commentOf(publicKey) }));
  const meant = keys.filter(({ fingerprint, comment }) => [fingerprint, fingerprint.replace('SHA256:', ''), comment].includes(named));
  const [found, ...others] = meant;
  if (found && others.length === 0) return found.fingerprint;
  const problem = found
    ? `${meant.length} keys with the comment '${named}': use a fingerprint`
    : `no key with the fingerprint or comment '${named}'`;
  throw new RecodeError('KeyNotFound', `${repository} has ${problem}.`);
}
