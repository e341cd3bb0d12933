import * as v from 'valibot';
import { RecodeError } from './errors.ts';

// What IAM allows in the name of a user or of a session, but for names of folders that lie elsewhere. A user's name has 64 characters at most, as a
// session's has: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const lastingName = /^(?!\.{1,2}$)[A-Za-z0-9+=,._@-]{1,128}$/;
// Session names that an SDK or a service makes up: another one at the next sign-in.
const machineMade = /^(aws-sdk-js-|aws-sdk-js-session-|botocore-session-|aws-go-sdk-|AWSCLI-Session|i-[0-9a-f]+$|\d{10,}$)/i;

/** The name of an owner. */
export const Owner = v.pipe(
  v.string(),
  v.check((name) => isOwner(name), 'the name of an owner'),
);

/** Who begins the stops that nobody asks for: no person's name, though it could be one. */
export const autoStopCaller = 'auto-stop@recode';

/** Whether a text can be the name of an owner. */
export const isOwner = (text: string): boolean => lastingName.test(text);

/**
 * The owner of the environments that a caller starts: the last part of the ARN that `sts:GetCallerIdentity` answers
 * (the user's name, or the name of a role's session), or what RECODE_OWNER says.
 *
 * @throws RecodeError CallerWithoutLastingName for root and for session names made up by a machine, SettingNotValid for a RECODE_OWNER that cannot be a name
 */
export function ownerOf(callerArn: string, chosen?: string): string {
  if (chosen !== undefined) {
    if (isOwner(chosen)) return chosen;
    throw new RecodeError('SettingNotValid', `Invalid RECODE_OWNER '${chosen}'. Use 1 to 128 letters, digits and + = , . _ @ -.`);
  }
  const resource = callerArn.split(':').slice(5).join(':');
  const name = resource.split('/').at(-1) ?? '';
  if (resource === 'root' || machineMade.test(name) || !isOwner(name)) {
    throw new RecodeError(
      'CallerWithoutLastingName',
      `You are signed in as ${callerArn}. This name is temporary or shared, so Recode cannot tell which environments are yours.`,
    );
  }
  return name;
}
