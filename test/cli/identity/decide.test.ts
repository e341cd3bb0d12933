import { describe, expect, it } from 'vitest';
import { chooseProfile, decideProvider } from '../../../cli/identity/decide.ts';
import { mergeFiles } from '../../../cli/identity/files.ts';
import { readIni } from '../../../cli/identity/ini.ts';

// The expected values follow botocore 1.44.8, credentials.py; test/clients/identity.test.ts runs it beside ours.

function sections(text: string) {
  const read = readIni(text);
  if ('problem' in read && typeof read.problem === 'string') throw new Error(read.problem);
  return read as Exclude<typeof read, { readonly problem: string }>;
}

function decide({
  config = '',
  credentials = '',
  profile,
  env = {},
}: {
  config?: string;
  credentials?: string;
  profile?: string;
  env?: NodeJS.ProcessEnv;
}) {
  const files = mergeFiles(sections(config), sections(credentials));
  return decideProvider(chooseProfile(profile, env, files), env, files);
}

const keys = (id: string) => `aws_access_key_id = ${id}\naws_secret_access_key = s\n`;
const sso = 'sso_start_url = https://corp/start\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = Dev\n';
const environmentKeys = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' };
const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/role' };

describe('the one provider', () => {
  it.each([
    ['a role before IAM Identity Center', `role_arn = r\nsource_profile = s\n${sso}[profile s]\n${keys('S')}`, '', { kind: 'role' }],
    ['web identity before keys', 'web_identity_token_file = /t\nrole_arn = r\n', `[p]\n${keys('K')}`, { kind: 'web-identity' }],
    [
      'web identity before source_profile',
      'web_identity_token_file = /t\nrole_arn = r\nsource_profile = s\n',
      '',
      { kind: 'web-identity' },
    ],
    ['IAM Identity Center before old keys', sso, `[p]\n${keys('K')}`, { kind: 'sso' }],
    ['IAM Identity Center before a process', `${sso}credential_process = x\n`, '', { kind: 'sso' }],
    [
      'keys in the credentials file before a process',
      'credential_process = x\n',
      `[p]\n${keys('K')}`,
      { kind: 'static', accessKeyId: 'K' },
    ],
    ['keys in the credentials file before a login', 'login_session = x\n', `[p]\n${keys('K')}`, { kind: 'static', accessKeyId: 'K' }],
    ['a login before a process', 'credential_process = x\nlogin_session = x\n', '', { kind: 'login' }],
    ['a process before keys in the config file', `credential_process = x\n${keys('K')}`, '', { kind: 'process' }],
    [
      'the credentials file’s role settings',
      '',
      '[p]\nrole_arn = r\ncredential_source = EcsContainer\n',
      { kind: 'role', source: { kind: 'container' } },
    ],
  ])('is %s', (_, config, credentials, expected) => {
    expect(decide({ config: `[profile p]\n${config}`, credentials, profile: 'p', env: container })).toMatchObject(expected);
  });

  it('is the keys in the environment, unless --profile names one', () => {
    const config = `[profile p]\n${keys('P')}`;
    expect(decide({ config, env: { ...environmentKeys, AWS_PROFILE: 'p' } })).toMatchObject({ accessKeyId: 'ENV' });
    expect(decide({ config, env: environmentKeys, profile: 'p' })).toMatchObject({ accessKeyId: 'P' });
  });

  it('is what the machine has where the profile names nothing', () => {
    expect(decide({ env: container })).toEqual({ kind: 'container' });
    expect(decide({})).toEqual({ kind: 'instance' });
  });

  it.each(['sso', 'process'])('is also the source of a role: %s', (kind) => {
    const source = kind === 'sso' ? sso : 'credential_process = x\n';
    const config = `[profile p]\nrole_arn = r\nsource_profile = s\n[profile s]\n${source}`;
    expect(decide({ config, profile: 'p' })).toMatchObject({ kind: 'role', source: { kind, profile: 's' } });
  });

  it('is IAM Identity Center for a source that has old keys too', () => {
    const config = `[profile p]\nrole_arn = r\nsource_profile = s\n[profile s]\n${sso}`;
    expect(decide({ config, credentials: `[s]\n${keys('OLD')}`, profile: 'p' })).toMatchObject({ source: { kind: 'sso' } });
  });

  it('takes a token only from the file that has its keys, the older name first', () => {
    const credentials = `[p]\n${keys('K')}`;
    expect(decide({ config: '[profile p]\naws_session_token = T\n', credentials, profile: 'p' })).not.toHaveProperty('sessionToken');
    const both = `${credentials}aws_session_token = NEW\naws_security_token = OLD\n`;
    expect(decide({ credentials: both, profile: 'p' })).toMatchObject({ sessionToken: 'OLD' });
  });
});

describe('a profile that cannot be used', () => {
  const p = (lines: string, more = '') => ({ config: `[profile p]\n${lines}${more}`, profile: 'p' });
  it.each([
    ['an unknown name', { profile: 'q' }, 'ProfileNotFound'],
    ['constructor', { profile: 'constructor' }, 'ProfileNotFound'],
    ['__proto__', { profile: '__proto__' }, 'ProfileNotFound'],
    ['an empty AWS_PROFILE', { env: { AWS_PROFILE: '' } }, 'ProfileNotFound'],
    ['AWS_DEFAULT_PROFILE of an unknown profile', { env: { AWS_DEFAULT_PROFILE: 'q', ...environmentKeys } }, 'ProfileNotFound'],
    ['no source', p('role_arn = r\n'), 'ProfileNotValid'],
    ['both kinds of source', p('role_arn = r\nsource_profile = s\ncredential_source = Environment\n'), 'ProfileNotValid'],
    ['a source that does not exist', p('role_arn = r\nsource_profile = s\n'), 'ProfileNotValid'],
    ['a source without credentials', p('role_arn = r\nsource_profile = s\n', '[profile s]\nregion = x\n'), 'ProfileNotValid'],
    ['itself as a source without keys', p('role_arn = r\nsource_profile = p\n'), 'ProfileNotValid'],
    ['a circle', p('role_arn = r\nsource_profile = s\n', '[profile s]\nrole_arn = r\nsource_profile = p\n'), 'ProfileNotValid'],
    ['an unknown credential_source', p('role_arn = r\ncredential_source = environment\n'), 'ProfileNotValid'],
    ['credential_source = Environment without keys there', p('role_arn = r\ncredential_source = Environment\n'), 'ProfileNotValid'],
    ['an sso_session that does not exist', p('sso_session = x\nsso_account_id = 1\nsso_role_name = r\n'), 'ProfileNotValid'],
    ['an incomplete sign-in', p('sso_account_id = 1\n'), 'ProfileNotValid'],
    ['a session that says otherwise', p(`${sso}sso_session = x\n`, '[sso-session x]\nsso_region = us-east-1\n'), 'ProfileNotValid'],
    ['a token file without a role', p('web_identity_token_file = /t\n'), 'ProfileNotValid'],
    ['a key without its secret', p('aws_access_key_id = K\n'), 'AccessKeyIncomplete'],
    ['a key without its secret in the environment', { env: { AWS_ACCESS_KEY_ID: 'K' } }, 'AccessKeyIncomplete'],
    ['a pair of both files', { ...p('aws_secret_access_key = s\n'), credentials: '[p]\naws_access_key_id = K\n' }, 'AccessKeyIncomplete'],
  ])('is refused, whatever else there is: %s', (_, input, name) => {
    expect(() => decide({ ...input, env: { ...container, ...('env' in input ? input.env : {}) } })).toThrow(
      expect.objectContaining({ name }),
    );
  });
});
