import { meaningOf, translate } from '../../aws/errors.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Account } from '../account.ts';

/**
 * Makes a call that a policy of the stack allows. The policies are about the region that they are deployed in, so AWS refuses elsewhere
 * what does not exist there.
 *
 * @throws RecodeError CallerNotAllowed
 */
export async function orNotAllowed<Answer>({ region, accountId }: Account, policy: string, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (meaningOf(error) !== 'unauthorized') throw error;
    const either = `Either Recode is not deployed in ${region} of account ${accountId}, or you do not have the policy ${policy} there.`;
    throw new RecodeError('CallerNotAllowed', `${either} ${translate(error).message}`, { cause: error });
  }
}
