import { RecodeError } from '../../core/errors.ts';
import { noUserSettings, type UserSettings } from '../settings/user-settings.ts';
import { type SharedFiles, textOf } from './files.ts';
import type { Section } from './ini.ts';

/** Where credentials come from: exactly one place. */
export type Provider =
  | StaticKeys
  | AssumedRole
  | WebIdentity
  | SsoRole
  | { readonly kind: 'login'; readonly profile: string; readonly session: string }
  | { readonly kind: 'process'; readonly profile: string; readonly command: string; readonly accountId?: string }
  | { readonly kind: 'container' }
  | { readonly kind: 'instance' };

export interface StaticKeys {
  readonly kind: 'static';
  /** Where they are written. */
  readonly from: 'environment' | 'credentials' | 'config';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly accountId?: string;
  /** As it is written in AWS_CREDENTIAL_EXPIRATION. */
  readonly expiration?: string;
}

export interface AssumedRole {
  readonly kind: 'role';
  readonly profile: string;
  readonly roleArn: string;
  readonly source: Provider;
  readonly sessionName?: string;
  readonly externalId?: string;
  readonly mfaSerial?: string;
  readonly durationSeconds?: number;
}

export interface WebIdentity {
  readonly kind: 'web-identity';
  readonly tokenFile: string;
  readonly roleArn: string;
  readonly sessionName?: string;
}

export interface SsoRole {
  readonly kind: 'sso';
  readonly profile: string;
  readonly startUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
  /** The name of the sso-session; none in profiles of the older form. */
  readonly session?: string;
}

/** The profile that a command works with, and who named it. */
export interface ChosenProfile {
  readonly name: string;
  /** `option`: --profile; it leaves the keys in environment variables aside. */
  readonly from: 'option' | 'AWS_PROFILE' | 'AWS_DEFAULT_PROFILE' | 'setting' | 'nobody';
}

/**
 * The profile that --profile names, else AWS_PROFILE, else AWS_DEFAULT_PROFILE, else the person's setting, else `default`, which need not
 * exist.
 *
 * @throws RecodeError ProfileNotFound, SettingNotValid
 */
export function chooseProfile(
  option: string | undefined,
  variables: NodeJS.ProcessEnv,
  files: SharedFiles,
  settings: UserSettings = noUserSettings,
): ChosenProfile {
  const chosen = namedProfile(option, variables, settings);
  if (chosen.from === 'nobody' || files.profiles.has(chosen.name)) return chosen;
  // The AWS CLI takes a variable that is set to nothing at its word too.
  if (chosen.name === '') throw new RecodeError('ProfileNotFound', `${chosen.from} is set, but names no profile. Unset it to use none.`);
  const by = chosen.from === 'option' ? '' : `, which ${profileSource[chosen.from]} names,`;
  throw new RecodeError('ProfileNotFound', `The profile "${chosen.name}"${by} is not in the AWS CLI's configuration files.`);
}

/** Who named a profile, for people. */
export const profileSource: Readonly<Record<Exclude<ChosenProfile['from'], 'nobody'>, string>> = {
  option: '--profile',
  AWS_PROFILE: 'AWS_PROFILE',
  AWS_DEFAULT_PROFILE: 'AWS_DEFAULT_PROFILE',
  setting: 'the setting profile',
};

/**
 * Decides which one provider the credentials come from, in the order of the AWS CLI (botocore's credentials.py): keys in the environment
 * unless --profile is given, then the profile's role, web identity, IAM Identity Center, keys in the credentials file, `aws login`,
 * credential_process, keys in the config file, and what the container or the instance has where the profile says nothing of all this.
 *
 * @throws RecodeError AccessKeyIncomplete, ProfileNotValid
 */
export function decideProvider(profile: ChosenProfile, variables: NodeJS.ProcessEnv, files: SharedFiles): Provider {
  const byOption = profile.from === 'option';
  checkSession(profile.name, files);
  return (
    (byOption ? undefined : environmentKeys(variables)) ??
    roleOf(profile.name, [profile.name], variables, files) ??
    providerOf(profile.name, byOption ? {} : variables, files) ??
    machineOf(variables)
  );
}

function namedProfile(option: string | undefined, variables: NodeJS.ProcessEnv, settings: UserSettings): ChosenProfile {
  if (option) return { name: option, from: 'option' };
  const variable = (['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'] as const).find((name) => variables[name] !== undefined);
  if (variable) return { name: variables[variable] ?? '', from: variable };
  const setting = settings.get('profile');
  return setting === undefined ? { name: 'default', from: 'nobody' } : { name: setting, from: 'setting' };
}

/** What this machine has: the container's role where its variables are set, else the instance's. */
const machineOf = (variables: NodeJS.ProcessEnv): Provider => containerOf(variables) ?? { kind: 'instance' };

const containerVariables = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];

function containerOf(variables: NodeJS.ProcessEnv): Provider | undefined {
  return containerVariables.some((name) => variables[name] !== undefined) ? { kind: 'container' } : undefined;
}

function environmentKeys(variables: NodeJS.ProcessEnv): StaticKeys | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
  if (!accessKeyId) return undefined;
  if (!secretAccessKey) throw new RecodeError('AccessKeyIncomplete', 'AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not.');
  const sessionToken = variables.AWS_SECURITY_TOKEN || variables.AWS_SESSION_TOKEN;
  const { AWS_ACCOUNT_ID: accountId, AWS_CREDENTIAL_EXPIRATION: expiration } = variables;
  return {
    kind: 'static',
    from: 'environment',
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    ...(accountId && { accountId }),
    ...(expiration && { expiration }),
  };
}

/** What a profile itself says, its role aside. */
function providerOf(name: string, variables: NodeJS.ProcessEnv, files: SharedFiles): Provider | undefined {
  const profile = files.profiles.get(name);
  return (
    webIdentityOf(name, profile, variables) ??
    ssoOf(name, profile, files) ??
    keysOf(name, files.credentials.get(name), 'credentials') ??
    loginOf(name, profile) ??
    processOf(name, profile) ??
    keysOf(name, files.config.get(name), 'config')
  );
}

const hasRole = (profile: Section | undefined) => profile?.has('role_arn') === true && !profile.has('web_identity_token_file');
const hasKeys = (profile: Section | undefined) =>
  profile?.has('aws_access_key_id') === true || profile?.has('aws_secret_access_key') === true;

/** @param visited the profiles on the way here, this one last */
function roleOf(name: string, visited: readonly string[], variables: NodeJS.ProcessEnv, files: SharedFiles): AssumedRole | undefined {
  const profile = files.profiles.get(name);
  if (!hasRole(profile)) return undefined;
  const sessionName = textOf(profile, 'role_session_name');
  const externalId = textOf(profile, 'external_id');
  const mfaSerial = textOf(profile, 'mfa_serial');
  const duration = textOf(profile, 'duration_seconds') ?? '';
  return {
    kind: 'role',
    profile: name,
    roleArn: textOf(profile, 'role_arn') ?? '',
    source: sourceOf(name, profile, visited, variables, files),
    ...(sessionName !== undefined && { sessionName }),
    ...(externalId !== undefined && { externalId }),
    ...(mfaSerial !== undefined && { mfaSerial }),
    // The AWS CLI leaves aside what is no whole number.
    ...(/^[+-]?\d+$/.test(duration) && { durationSeconds: Number(duration) }),
  };
}

function sourceOf(
  name: string,
  profile: Section | undefined,
  visited: readonly string[],
  variables: NodeJS.ProcessEnv,
  files: SharedFiles,
): Provider {
  const sourceName = textOf(profile, 'source_profile');
  const credentialSource = textOf(profile, 'credential_source');
  if (sourceName !== undefined && credentialSource !== undefined) {
    throw notValid(`The profile "${name}" has both source_profile and credential_source. Keep one.`);
  }
  if (credentialSource !== undefined) return namedSource(name, credentialSource, variables);
  if (sourceName === undefined) throw notValid(`The profile "${name}" has role_arn, but neither source_profile nor credential_source.`);

  const source = files.profiles.get(sourceName);
  if (!source) throw notValid(`The profile "${name}" has source_profile = ${sourceName}, but there is no profile "${sourceName}".`);
  // A profile may be its own source if it has keys too.
  if (visited.includes(sourceName) && !(sourceName === name && hasKeys(source))) {
    throw notValid(`These profiles refer to each other: ${[...visited, sourceName].join(' → ')}.`);
  }
  if (!hasKeys(source)) {
    const role = roleOf(sourceName, [...visited, sourceName], variables, files);
    if (role) return role;
  }
  const provider = providerOf(sourceName, {}, files);
  if (!provider)
    throw notValid(`The profile "${name}" has source_profile = ${sourceName}, but the profile "${sourceName}" has no credentials.`);
  return provider;
}

function namedSource(name: string, source: string, variables: NodeJS.ProcessEnv): Provider {
  if (!['Environment', 'EcsContainer', 'Ec2InstanceMetadata'].includes(source)) {
    throw notValid(`The profile "${name}" has credential_source = ${source}. It must be Environment, EcsContainer or Ec2InstanceMetadata.`);
  }
  if (source === 'Ec2InstanceMetadata') return { kind: 'instance' };
  const provider = source === 'Environment' ? environmentKeys(variables) : containerOf(variables);
  if (provider) return provider;
  const missing = source === 'Environment' ? 'AWS_ACCESS_KEY_ID is not set' : 'no AWS_CONTAINER_CREDENTIALS_* variable is set';
  throw notValid(`The profile "${name}" has credential_source = ${source}, but ${missing}.`);
}

function webIdentityOf(name: string, profile: Section | undefined, variables: NodeJS.ProcessEnv): WebIdentity | undefined {
  const tokenFile = variables.AWS_WEB_IDENTITY_TOKEN_FILE ?? textOf(profile, 'web_identity_token_file');
  if (!tokenFile) return undefined;
  const roleArn = variables.AWS_ROLE_ARN ?? textOf(profile, 'role_arn');
  if (!roleArn) {
    const where = variables.AWS_WEB_IDENTITY_TOKEN_FILE
      ? 'AWS_WEB_IDENTITY_TOKEN_FILE is set'
      : `The profile "${name}" has web_identity_token_file`;
    throw notValid(`${where}, but neither AWS_ROLE_ARN nor role_arn names the role.`);
  }
  const sessionName = variables.AWS_ROLE_SESSION_NAME ?? textOf(profile, 'role_session_name');
  return { kind: 'web-identity', tokenFile, roleArn, ...(sessionName !== undefined && { sessionName }) };
}

/** A session that a profile names has to exist, wherever the credentials come from. */
function checkSession(name: string, files: SharedFiles): Section | undefined {
  const session = textOf(files.profiles.get(name), 'sso_session');
  if (session === undefined) return undefined;
  const section = files.ssoSessions.get(session);
  if (!section) throw notValid(`The profile "${name}" has sso_session = ${session}, but there is no [sso-session ${session}].`);
  const missing = ['sso_start_url', 'sso_region'].filter((key) => !section.has(key));
  if (missing.length > 0) throw notValid(`[sso-session ${session}] lacks ${missing.join(' and ')}.`);
  return section;
}

function ssoOf(name: string, profile: Section | undefined, files: SharedFiles): SsoRole | undefined {
  if (!profile?.has('sso_role_name') && !profile?.has('sso_account_id')) return undefined;
  const session = textOf(profile, 'sso_session');
  const sessionSection = checkSession(name, files);
  for (const [key, value] of sessionSection ?? []) {
    const own = textOf(profile, key);
    if (own !== undefined && own !== value) {
      throw notValid(`The profile "${name}" and [sso-session ${session}] differ in ${key}. Remove it from the profile.`);
    }
  }
  const setting = (key: string) => textOf(profile, key) ?? textOf(sessionSection, key);
  // The token of a session is asked for with what the session itself says.
  const sessionSetting = (key: string) => (sessionSection ? textOf(sessionSection, key) : setting(key));
  const found = {
    sso_role_name: setting('sso_role_name'),
    sso_account_id: setting('sso_account_id'),
    sso_start_url: sessionSetting('sso_start_url'),
    sso_region: sessionSetting('sso_region'),
  };
  const missing = Object.entries(found).flatMap(([key, value]) => (value === undefined ? [key] : []));
  if (missing.length > 0) throw notValid(`The profile "${name}" signs in by IAM Identity Center, but lacks ${missing.join(', ')}.`);
  const { sso_role_name = '', sso_account_id = '', sso_start_url = '', sso_region = '' } = found;
  return {
    kind: 'sso',
    profile: name,
    startUrl: sso_start_url,
    region: sso_region,
    accountId: sso_account_id,
    roleName: sso_role_name,
    ...(session !== undefined && { session }),
  };
}

/** A key pair as one file has it; a token belongs to the pair beside it alone. */
function keysOf(name: string, section: Section | undefined, file: 'credentials' | 'config'): StaticKeys | undefined {
  const accessKeyId = textOf(section, 'aws_access_key_id');
  if (accessKeyId === undefined) return undefined;
  const secretAccessKey = textOf(section, 'aws_secret_access_key');
  if (!secretAccessKey || accessKeyId === '') {
    const [has, lacks] = accessKeyId === '' ? ['secret_access_key', 'access_key_id'] : ['access_key_id', 'secret_access_key'];
    throw new RecodeError(
      'AccessKeyIncomplete',
      `The profile "${name}" has aws_${has} in the ${file} file, but no aws_${lacks} beside it.`,
    );
  }
  const sessionToken = textOf(section, 'aws_security_token') ?? textOf(section, 'aws_session_token');
  const accountId = textOf(section, 'aws_account_id');
  return {
    kind: 'static',
    from: file,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    ...(accountId && { accountId }),
  };
}

function loginOf(name: string, profile: Section | undefined): Provider | undefined {
  const session = textOf(profile, 'login_session');
  return session === undefined ? undefined : { kind: 'login', profile: name, session };
}

function processOf(name: string, profile: Section | undefined): Provider | undefined {
  const command = textOf(profile, 'credential_process');
  const accountId = textOf(profile, 'aws_account_id');
  return command === undefined ? undefined : { kind: 'process', profile: name, command, ...(accountId && { accountId }) };
}

const notValid = (message: string) => new RecodeError('ProfileNotValid', message);
