import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';
import { recodeStart } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
deployForTests((deployed) => {
  aws = deployed;
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-caller-'));
});
afterEach(async () => {
  await expectNothingChanged(aws);
  await aws.delete('faults');
  rmSync(directory, { recursive: true });
});

const args = ['aws', 'start', 'acme/api'];
const nowhere = 'There are none in the environment, in the files of the AWS CLI, or from this machine itself.';
const nameless = (arn: string) =>
  `You are signed in as ${arn}. This name is temporary or shared, so Recode cannot tell which environments are yours.`;
/** Runs the command where nothing but these variables says which account is meant. */
const startWith = (env: Record<string, string>, more: readonly string[] = []) => recode([...args, ...more], { directory, env });
const key = { AWS_ACCESS_KEY_ID: 'alice', AWS_SECRET_ACCESS_KEY: 'test' };
const refuse = (service: string, action: string, code: string, message: string) =>
  aws.post('faults', { service, action, kind: 'error', code, message, status: 403 });

describe('a caller', () => {
  it('without credentials is told where to put some', async () => {
    const ran = await startWith({ AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: 'us-east-1' });
    expectFailure(ran, args, { name: 'NoCredentials', message: nowhere });
  });

  it('without a region is told how to name one', async () => {
    const ran = await startWith({ AWS_ENDPOINT_URL: aws.endpoint, ...key });
    const message = 'Neither --region, AWS_REGION, AWS_DEFAULT_REGION, the setting region nor the profile names one.';
    expectFailure(ran, args, { name: 'NoRegion', message });
  });

  it.each([
    ['RECODE_LOCAL', 'yes', '"yes". Use 1 or 0.'],
    ['TZ', 'Nowhere/Land', '"Nowhere/Land". Set it to a name from the IANA database, for example Europe/Paris, or use --time-zone.'],
  ])('is told which variable has an invalid value: %s=%j', async (variable, value, problem) => {
    const more = ['--auto-stop', '20:00'];
    const ran = await startWith({ AWS_ENDPOINT_URL: aws.endpoint, ...key, AWS_REGION: 'us-east-1', [variable]: value }, more);
    expectFailure(ran, [...args, ...more], { name: 'SettingNotValid', message: `${variable} is ${problem}` });
  });

  it.each([
    ['AWS_REGION', 'us-east-1 ', '"us-east-1 ", which is not the name of a region. Did you mean us-east-1?'],
    ['AWS_DEFAULT_REGION', 'EU_WEST-3', '"EU_WEST-3", which is not the name of a region. Did you mean eu-west-3?'],
    ['AWS_ENDPOINT_URL', '127.0.0.1:4566', '"127.0.0.1:4566", which is not an http or https URL. Did you mean http://127.0.0.1:4566?'],
    ['AWS_ENDPOINT_URL_STS', 'http://127.0.0.1:99999', '"http://127.0.0.1:99999", which is not an http or https URL.'],
  ])("is told which of the AWS CLI's variables has an invalid value: %s=%j", async (variable, value, problem) => {
    const region = variable.endsWith('REGION') ? {} : { AWS_REGION: 'us-east-1' };
    const ran = await startWith({ AWS_ENDPOINT_URL: aws.endpoint, ...key, ...region, [variable]: value });
    expectFailure(ran, args, { name: 'AwsSettingNotValid', message: `${variable} is ${problem}` });
  });

  it.each([
    ['account_id_endpoint_mode', 'off', 'Use preferred, required or disabled.'],
    ['ec2_metadata_service_endpoint_mode', 'ipv5', 'Use ipv4 or ipv6.'],
  ])('is told which values there are for %s', async (setting, value, advice) => {
    const ran = await startWith({
      AWS_ENDPOINT_URL: aws.endpoint,
      ...key,
      AWS_REGION: 'us-east-1',
      [`AWS_${setting.toUpperCase()}`]: value,
    });
    expectFailure(ran, args, { name: 'AwsSettingNotValid', message: `${setting} is "${value}". ${advice}` });
  });

  it.each(['http://me:secret@127.0.0.1:4566', 'http://me@127.0.0.1:4566'])('is told to leave out the user name in %s', async (url) => {
    const ran = await startWith({ AWS_ENDPOINT_URL: url, ...key, AWS_REGION: 'us-east-1' });
    expectFailure(ran, args, { name: 'AwsSettingNotValid', message: 'AWS_ENDPOINT_URL contains a user name or password. Remove it.' });
  });

  it('who names a profile that does not exist is told so', async () => {
    const named = ['--profile', 'tema', '--region', 'us-east-1'];
    expectFailure(await startWith({ AWS_ENDPOINT_URL: aws.endpoint }, named), [...args, ...named], {
      name: 'ProfileNotFound',
      message: 'The profile "tema" is not in the AWS CLI\'s configuration files.',
    });
  });

  it.each([
    ['CredentialsExpired', 'ExpiredToken', 'The security token included in the request is expired'],
    ['CredentialsNotValid', 'InvalidClientTokenId', 'The security token included in the request is invalid'],
  ] as const)('is told %s where AWS answers %s', async (name, code, message) => {
    await refuse('sts', 'GetCallerIdentity', code, message);
    expectFailure(await recodeStart(aws, directory, ['acme/api']), args, { name, message: `AWS says: ${message} (${code}).` });
  });

  it('who is root has no name of their own', async () => {
    await aws.post('identities', { accessKeyId: 'root', arn: `arn:aws:iam::${aws.accountId}:root` });
    const ran = await recodeStart(aws, directory, ['acme/api'], { AWS_ACCESS_KEY_ID: 'root' });
    expectFailure(ran, args, { name: 'CallerWithoutLastingName', message: nameless(`arn:aws:iam::${aws.accountId}:root`) });
  });

  it.each(['botocore-session-1730000000', 'aws-sdk-js-1730000000', 'i-0123456789abcdef0'])(
    'whose session is named %s by a machine has no lasting name',
    async (session) => {
      const arn = `arn:aws:sts::${aws.accountId}:assumed-role/Developer/${session}`;
      await aws.post('identities', { accessKeyId: 'somebody', arn });
      const ran = await recodeStart(aws, directory, ['acme/api'], { AWS_ACCESS_KEY_ID: 'somebody' });
      expectFailure(ran, args, { name: 'CallerWithoutLastingName', message: nameless(arn) });
    },
  );

  it('whose RECODE_OWNER is somebody else is told what to set instead', async () => {
    const ran = await recodeStart(aws, directory, ['acme/api'], { RECODE_OWNER: 'bob' });
    const message =
      `RECODE_OWNER is 'bob', but you are signed in as arn:aws:iam::${aws.accountId}:user/alice, whose environments belong to alice. ` +
      'Unset it. For a name of your own in a role, set role_session_name in its profile. For the environments of a teammate, use --owner.';
    expectFailure(ran, args, { name: 'SettingNotValid', message });
  });

  it('whose endpoint does not answer is told which', async () => {
    const ran = await recodeStart(aws, directory, ['acme/api'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    expectFailure(ran, args, { name: 'AwsUnreachable', message: 'Nothing listens at 127.0.0.1 port 9.' });
  });

  it('whose proxy answers instead of AWS is told so', async () => {
    const server = createServer((_, response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Blocked</h1>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ran = await recodeStart(aws, directory, ['acme/api'], { AWS_ENDPOINT_URL });
    const message = 'A server between this machine and AWS, for example a proxy, answered with HTTP status 403.';
    expectFailure(ran, args, { name: 'AwsUnreachable', message });
  });

  // In all of these cases the key would open nothing.
  afterEach(() => {
    expect(existsSync(join(directory, 'home', '.local'))).toBe(false);
  });
});

describe('an account where Recode is not deployed', () => {
  it.each([
    ['start', 'acme/api'],
    ['stop', 'acme/api'],
    ['remove', 'acme/api', '--force'],
    ['uninstall', '--force'],
  ])('in the region that was asked for is told so: recode aws %s', async (command, ...more) => {
    const typed = ['aws', command, ...more, '--region', 'eu-west-1'];
    expectFailure(await recode(typed, { directory, env: { AWS_ENDPOINT_URL: aws.endpoint, ...key } }), typed, {
      name: 'ControlPlaneNotDeployed',
      message: `There is no state machine arn:aws:states:eu-west-1:${aws.accountId}:stateMachine:recode-${command}.`,
    });
    expect(existsSync(join(directory, 'home', '.local'))).toBe(false);
  });
});

it('raises all that a caller can be refused for', () => {
  expectAllRaised(raisedBy.caller);
});
