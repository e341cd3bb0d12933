import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openAccount } from '../../cli/account.ts';
import { describeFailure } from '../../cli/failure.ts';

let aws: TestAws;
let directory: string;
beforeAll(async () => {
  aws = await embeddedAws();
});
afterAll(() => aws.stop());

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-account-'));
  for (const name of Object.keys(process.env)) if (/^(AWS|RECODE)_/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_ENDPOINT_URL', aws.endpoint);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  files({});
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** Writes the AWS CLI's two files. */
function files({ config = '', credentials = '' }) {
  for (const [name, variable, text] of [
    ['config', 'AWS_CONFIG_FILE', config],
    ['credentials', 'AWS_SHARED_CREDENTIALS_FILE', credentials],
  ] as const) {
    writeFileSync(join(directory, name), text);
    vi.stubEnv(variable, join(directory, name));
  }
}

function environmentKey(user: string) {
  vi.stubEnv('AWS_ACCESS_KEY_ID', user);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
}

const profile = (name: string, user: string) => `[${name}]\naws_access_key_id = ${user}\naws_secret_access_key = secret\n`;
const aliceAndBob = {
  config: '[default]\nregion = eu-west-1\n[profile team]\nregion = eu-north-1\n',
  credentials: profile('default', 'alice') + profile('team', 'bob'),
};
const failureOf = async (options: Parameters<typeof openAccount>[0]) => {
  const error: unknown = await openAccount(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return describeFailure(error, { argv: [], usage: 'recode' });
};

describe('openAccount', () => {
  it('is the default profile where nothing else is said', async () => {
    files(aliceAndBob);
    expect(await openAccount({ local: false })).toMatchObject({
      partition: 'aws',
      accountId: '000000000000',
      region: 'eu-west-1',
      owner: 'alice',
    });
  });

  it('prefers the credentials in environment variables to the files, also where AWS_PROFILE is set', async () => {
    files(aliceAndBob);
    environmentKey('carol');
    expect((await openAccount({ local: false })).owner).toBe('carol');
    vi.stubEnv('AWS_PROFILE', 'team');
    expect(await openAccount({ local: false })).toMatchObject({ owner: 'carol', region: 'eu-north-1' });
  });

  it('prefers a profile that is named to environment variables, without a remark of the SDK', async () => {
    files(aliceAndBob);
    environmentKey('carol');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    expect(await openAccount({ local: false, profile: 'team' })).toMatchObject({ owner: 'bob', region: 'eu-north-1' });
    expect(warn).not.toHaveBeenCalled();
  });

  it('takes the region from the option, AWS_REGION, AWS_DEFAULT_REGION, then the profile', async () => {
    files(aliceAndBob);
    vi.stubEnv('AWS_DEFAULT_REGION', 'us-west-2');
    expect((await openAccount({ local: false })).region).toBe('us-west-2');
    vi.stubEnv('AWS_REGION', 'us-west-1');
    expect((await openAccount({ local: false })).region).toBe('us-west-1');
    expect((await openAccount({ local: false, region: 'us-east-2' })).region).toBe('us-east-2');
  });

  it('hands on credentials that its clients sign with', async () => {
    files(aliceAndBob);
    const { credentials: found } = (await openAccount({ local: false, profile: 'team' })).clientConfig('sfn');
    const credentials = typeof found === 'function' ? await found() : found;
    expect(credentials?.accessKeyId).toBe('bob');
  });

  it('takes the owner from the identity, and refuses another one in RECODE_OWNER', async () => {
    environmentKey('carol');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const arn = 'arn:aws:sts::000000000000:assumed-role/Developer/alice';
    await aws.post('identities', { accessKeyId: 'carol', arn });
    expect((await openAccount({ local: false })).owner).toBe('role:Developer:alice');
    vi.stubEnv('RECODE_OWNER', 'role:Developer:alice');
    expect((await openAccount({ local: false })).owner).toBe('role:Developer:alice');
    vi.stubEnv('RECODE_OWNER', 'alice');
    expect(await failureOf({ local: false })).toMatchObject({ name: 'SettingNotValid', message: expect.stringContaining(arn) });
  });

  it('refuses the root user', async () => {
    environmentKey('root');
    await aws.post('identities', { accessKeyId: 'root', arn: 'arn:aws:iam::000000000000:root' });
    vi.stubEnv('AWS_REGION', 'us-east-1');
    expect((await failureOf({ local: false })).name).toBe('CallerWithoutLastingName');
  });

  it('refuses a session name that a machine made up, and names it', async () => {
    environmentKey('ci');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const arn = 'arn:aws:sts::000000000000:assumed-role/Deploy/botocore-session-1730000000';
    await aws.post('identities', { accessKeyId: 'ci', arn });
    const failure = await failureOf({ local: false });
    expect(failure).toMatchObject({ name: 'CallerWithoutLastingName', message: expect.stringContaining(arn) });
  });

  it('tells what is missing', async () => {
    expect((await failureOf({ local: false })).name).toBe('NoRegion');
    expect((await failureOf({ local: false, region: 'us-east-1' })).name).toBe('NoCredentials');
    expect(await failureOf({ local: false, region: 'us-east-1', profile: 'tema' })).toMatchObject({
      name: 'ProfileNotFound',
      message: 'The profile "tema" is not in the AWS CLI\'s configuration files.',
    });
  });

  it('tells that a sign-in by IAM Identity Center is needed', async () => {
    files({
      config:
        '[profile sso]\nregion = us-east-1\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n' +
        '[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://example.com/start\n',
    });
    expect((await failureOf({ local: false, profile: 'sso' })).name).toBe('CredentialsExpired');
  });

  it.each([
    ['CredentialsExpired', 'ExpiredToken', 'The security token included in the request is expired'],
    ['CredentialsNotValid', 'InvalidClientTokenId', 'The security token included in the request is invalid'],
  ])('tells %s where AWS says %s', async (name, code, message) => {
    environmentKey('alice');
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'error', code, message, status: 403, count: 1 });
    expect(await failureOf({ local: false, region: 'us-east-1' })).toMatchObject({ name, message: `AWS says: ${message} (${code}).` });
  });
});
