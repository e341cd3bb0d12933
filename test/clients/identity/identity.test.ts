import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identify } from '../../../cli/identity/identify.ts';
import { keepSession } from '../../../cli/identity/providers/kept-session.ts';
import { type Aws, openAws } from './aws.ts';
import { type Case, generatedCases } from './cases.ts';

// botocore in the version of botocore-requirements.txt, where .ci/run installs it, and Debian's AWS CLI.
const python = process.env.RECODE_TEST_PYTHON ?? '/tmp/recode-botocore/bin/python';
const program = '/usr/bin/aws';

let aws: Aws;
let directory: string;
beforeAll(async () => {
  if (!existsSync(python))
    throw new Error(
      `There is no ${python}. Run: python3 -m venv /tmp/recode-botocore && /tmp/recode-botocore/bin/pip install -r test/clients/botocore-requirements.txt`,
    );
  aws = await openAws();
  directory = mkdtempSync(join(tmpdir(), 'recode-identity-'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

/** Writes a case's files, and says where everything is. */
function prepare({ name, files, env, profile }: Case) {
  const home = join(directory, createHash('sha1').update(name).digest('hex'));
  const placed = (text: string) => text.replaceAll('HOME', home).replaceAll('AWS/', `${aws.url}/`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), placed(text));
  }
  const variables = Object.entries(env).map(([name, value]) => [name, value === 'AWS' ? `${aws.url}/` : placed(value)]);
  const endpoints = Object.fromEntries(['STS', 'SSO', 'SSO_OIDC'].map((service) => [`AWS_ENDPOINT_URL_${service}`, aws.url]));
  return {
    env: { PATH: process.env.PATH ?? '', HOME: home, ...endpoints, ...Object.fromEntries(variables) },
    ...(profile !== undefined && { profile }),
    service: 'dynamodb',
  };
}

type Prepared = ReturnType<typeof prepare>;
interface Taken {
  readonly accessKeyId: string;
  readonly sessionToken: string | null;
  readonly accountId: string | null;
  readonly region: string;
  readonly endpoint: string;
}
type Outcome = Taken | { readonly refused: string };

async function ours({ env, profile }: Prepared): Promise<Outcome> {
  try {
    const { region, clientConfig } = await identify(profile === undefined ? {} : { profile }, env);
    const { accessKeyId, sessionToken = null, accountId = null } = await clientConfig('dynamodb').credentials();
    const config = clientConfig('dynamodb');
    return { accessKeyId, sessionToken, accountId, region, endpoint: config.endpoint ?? defaultEndpoint(config) };
  } catch (error) {
    return { refused: String(error) };
  }
}

/** Where the SDK's rules lead without a configured endpoint; both services name theirs in the same way. */
function defaultEndpoint({
  region,
  useFipsEndpoint,
  useDualstackEndpoint,
}: {
  region: string;
  useFipsEndpoint: boolean;
  useDualstackEndpoint: boolean;
}) {
  const { endpointProvider } = new STSClient({ region }).config as unknown as {
    endpointProvider: (parameters: object) => { url: URL };
  };
  const { url } = endpointProvider({
    Region: region,
    UseFIPS: useFipsEndpoint,
    UseDualStack: useDualstackEndpoint,
    UseGlobalEndpoint: false,
  });
  return url.href.replace(/\/$/, '').replace('//sts', '//dynamodb');
}

async function botocore(cases: readonly Prepared[]): Promise<Outcome[]> {
  const running = promisify(execFile)(python, [join(import.meta.dirname, 'answers.py')], { maxBuffer: 10_000_000 });
  running.child.stdin?.end(JSON.stringify(cases));
  return JSON.parse((await running).stdout) as Outcome[];
}

const outcomeOf = (outcome: Outcome | undefined) => (outcome && 'refused' in outcome ? 'refused' : outcome);

it('takes the identity, the token, the region and the endpoint that botocore takes, or refuses as it does', async () => {
  const cases = generatedCases(160);
  const prepared = cases.map(prepare);
  const [expected, taken] = await Promise.all([botocore(prepared), Promise.all(prepared.map(ours))]);
  const show = (outcomes: readonly Outcome[]) => cases.map(({ name }, index) => [name, outcomeOf(outcomes[index])]);
  expect(show(taken)).toEqual(show(expected));
  // Neither a comparison of refusals alone, nor without any.
  const refusals = expected.filter((outcome) => 'refused' in outcome).length;
  expect(refusals).toBeGreaterThan(30);
  expect(cases.length - refusals).toBeGreaterThan(80);
}, 180_000);

describe('the AWS CLI', () => {
  /** Whom a request of the AWS CLI comes from, and which region it is for; `refused` where it makes none. */
  async function awsCli({ env, profile }: Prepared): Promise<string> {
    const args = ['sts', 'get-caller-identity', '--endpoint-url', aws.url, '--query', 'Arn', '--output', 'text'];
    const named = profile === undefined ? [] : ['--profile', profile];
    return promisify(execFile)(program, [...args, ...named], { env: { ...env, AWS_PAGER: '' } }).then(
      ({ stdout }) => stdout.trim(),
      () => 'refused',
    );
  }

  const keys = 'aws_access_key_id = K\naws_secret_access_key = s\n';
  const process = `credential_process = printf '{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "s", "SessionToken": "t"}'\n`;
  const instance = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'AWS' };
  const off = { AWS_EC2_METADATA_DISABLED: 'true' };
  const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'AWS/container', ...off };
  const inP = (lines: string, env: Record<string, string> = off, credentials = '') => ({
    files: { '.aws/config': `[profile p]\nregion = us-west-2\n${lines}`, '.aws/credentials': credentials },
    env,
    profile: 'p',
  });

  it.each<[string, Omit<Case, 'name'>]>([
    ['AWS_REGION before AWS_DEFAULT_REGION', { ...inP(keys), env: { ...off, AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' } }],
    ['the instance’s region and role', { files: {}, env: instance }],
    ['the instance’s region for keys of a profile', { files: { '.aws/credentials': `[default]\n${keys}` }, env: instance }],
    [
      'no region where the instance may not be asked',
      { files: { '.aws/credentials': `[default]\n${keys}` }, env: { ...instance, ...off } },
    ],
    ['a container', { files: {}, env: { ...container, AWS_REGION: 'us-west-1' } }],
    ['a container for a profile that names no identity', inP('', container)],
    ['a container beside a failing process', inP('credential_process = /bin/false\n', container)],
    ['a container beside half a pair', inP('aws_access_key_id = K\n', container)],
    ['a container beside a circle', inP('role_arn = r\nsource_profile = p\n', container)],
    ['a process', inP(process)],
    ['a process before keys', inP(`${process}${keys}`)],
    ['keys in the credentials file before a process', inP(process, off, `[p]\n${keys}`)],
    ['a process without a shell', inP(`credential_process = echo '{}' && ${process}`)],
    [
      'AWS_PROFILE before AWS_DEFAULT_PROFILE',
      { files: { '.aws/config': `[profile p]\nregion = us-west-2\n${keys}` }, env: { ...off, AWS_PROFILE: 'p', AWS_DEFAULT_PROFILE: 'q' } },
    ],
    ['an empty AWS_PROFILE', { files: { '.aws/config': `[default]\nregion = us-west-2\n${keys}` }, env: { ...off, AWS_PROFILE: '' } }],
    ['a key twice', inP(`${keys}region = us-west-1\n`)],
    ['a byte order mark', { files: { '.aws/config': `\ufeff[default]\nregion = us-west-2\n${keys}` }, env: off }],
    [
      'credentials in the environment that are over',
      {
        ...inP(''),
        env: {
          ...off,
          AWS_REGION: 'us-west-1',
          AWS_ACCESS_KEY_ID: 'E',
          AWS_SECRET_ACCESS_KEY: 's',
          AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z',
        },
      },
    ],
  ])('and Recode ask as the same person in the same region, or both refuse: %s', async (name, given) => {
    const prepared = prepare({ name, ...given });
    const [theirs, mine] = await Promise.all([awsCli(prepared), ours(prepared)]);
    const shown =
      'refused' in mine ? 'refused' : `arn:aws:iam::111122223333:user/${mine.accessKeyId}/${mine.region}/${mine.sessionToken ?? 'none'}`;
    expect(shown).toBe(theirs);
  });
});

it('keeps the session of an MFA code where the AWS CLI finds it, and finds the AWS CLI’s', async () => {
  const role = 'arn:aws:iam::444455556666:role/R';
  const device = 'arn:aws:iam::111122223333:mfa/ada';
  const config = `[profile p]\nregion = us-west-2\nrole_arn = ${role}\nsource_profile = s\nmfa_serial = ${device}\nduration_seconds = 3600\n[profile s]\naws_access_key_id = K\naws_secret_access_key = s\n`;
  const prepared = prepare({
    name: 'a kept session',
    files: { '.aws/config': config },
    env: { AWS_EC2_METADATA_DISABLED: 'true' },
    profile: 'p',
  });
  const parameters = { RoleArn: role, SerialNumber: device, DurationSeconds: 3600 };
  const expiration = new Date(Date.now() + 3_600_000);
  await keepSession(parameters, { accessKeyId: 'KEPT', secretAccessKey: 's', sessionToken: 't', expiration }, prepared.env);
  expect(await ours(prepared)).toMatchObject({ accessKeyId: 'KEPT', sessionToken: 't' });
  const args = ['sts', 'get-caller-identity', '--profile', 'p', '--endpoint-url', aws.url, '--query', 'Arn', '--output', 'text'];
  const { stdout } = await promisify(execFile)(program, args, { env: { ...prepared.env, AWS_PAGER: '' } });
  expect(stdout.trim()).toBe('arn:aws:iam::111122223333:user/KEPT/us-west-2/t');
});

it('compares with the botocore that is pinned', async () => {
  const { stdout } = await promisify(execFile)(python, ['-c', 'import botocore; print(botocore.__version__)']);
  expect(readFileSync(join(import.meta.dirname, '../botocore-requirements.txt'), 'utf8').trim()).toBe(`botocore==${stdout.trim()}`);
});
