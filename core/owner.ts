import * as v from 'valibot';
import { RecodeError } from './errors.ts';

/*
 * Who owns an environment follows from the ARN that `sts:GetCallerIdentity` answers:
 *
 *   IAM user                    alice               user:alice@example.com if the name has an @
 *   IAM Identity Center         alice@example.com   sso:alice              if the name has none
 *   session of another role     role:Developer:alice
 *
 * So no two kinds share a name, although IAM allows the same names in all of them.
 */

// What IAM allows in the name of a user, a role or a session, but for names of folders that lie elsewhere:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const name = '(?!\\.{1,2}$)[A-Za-z0-9+=,._@-]{1,128}';
const owner = new RegExp(`^(?:user:|sso:|role:[A-Za-z0-9+=,._@-]{1,64}:)?${name}$`);
const lastingName = new RegExp(`^${name}$`);
// Session names that an SDK or a service makes up: another one at the next sign-in.
const machineMade = /^(aws-sdk-js-|aws-sdk-js-session-|botocore-session-|aws-go-sdk-|AWSCLI-Session|i-[0-9a-f]+$|\d{10,}$)/i;
/**
 * The roles that IAM Identity Center makes, one for each permission set of the account. Only AWS may change roles of such a name:
 * https://repost.aws/knowledge-center/identity-center-aws-reserved-sso
 */
const identityCenterRole = /^AWSReservedSSO_.+_[0-9a-f]{16}$/;

/** The name of an owner. */
export const Owner = v.pipe(
  v.string(),
  v.check((text) => isOwner(text), 'the name of an owner'),
);

/** Who begins the stops that nobody asks for. No identity has this name. */
export const autoStopCaller = 'auto-stop@recode';

/** Whether a text can be the name of an owner. */
export const isOwner = (text: string): boolean => owner.test(text);

/** Whether a text can be the name of somebody who may get an environment. */
export const isNewOwner = (text: string): boolean => isOwner(text) && text !== autoStopCaller;

/** The name of somebody who gets an environment. */
export const NewOwner = v.pipe(
  v.string(),
  v.check((text) => isNewOwner(text), 'the name of an owner'),
);

/**
 * The owner of the environments of a caller, by the ARN that `sts:GetCallerIdentity` answers. With two permission sets of IAM Identity Center,
 * a person is one owner.
 *
 * @throws RecodeError CallerWithoutLastingName for the root user, federated users, whose name is chosen freely, and sessions named by a machine
 */
export function ownerOf(callerArn: string): string {
  const found = ownerIn(callerArn);
  if (found !== undefined && found !== autoStopCaller) return found;
  throw new RecodeError(
    'CallerWithoutLastingName',
    `You are signed in as ${callerArn}. This name is temporary or shared, so Recode cannot tell which environments are yours.`,
  );
}

function ownerIn(callerArn: string): string | undefined {
  const [, , service, , , ...rest] = callerArn.split(':');
  const [kind, ...path] = rest.join(':').split('/');
  const last = path.at(-1) ?? '';
  if (!lastingName.test(last)) return undefined;
  if (service === 'iam' && kind === 'user') return last.includes('@') ? `user:${last}` : last;
  const [role = '', , ...more] = path;
  if (service !== 'sts' || kind !== 'assumed-role' || path.length < 2 || more.length > 0 || machineMade.test(last)) return undefined;
  if (identityCenterRole.test(role)) return last.includes('@') ? last : `sso:${last}`;
  return isOwner(`role:${role}:${last}`) ? `role:${role}:${last}` : undefined;
}

/**
 * Checks the setting RECODE_OWNER of an older version. The identity decides now.
 *
 * @throws RecodeError SettingNotValid if it names anyone else
 */
export function refuseOtherOwner(chosen: string | undefined, owner: string, callerArn: string): void {
  if (chosen === undefined || chosen === owner) return;
  throw new RecodeError(
    'SettingNotValid',
    `RECODE_OWNER is '${chosen}', but you are signed in as ${callerArn}, whose environments belong to ${owner}. ` +
      'Unset it. For a name of your own in a role, set role_session_name in its profile. For the environments of a teammate, use --owner.',
  );
}
