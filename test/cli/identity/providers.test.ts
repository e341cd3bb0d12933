import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify } from '../../../cli/identity/identify.ts';
import { findSession, keepSession } from '../../../cli/identity/providers/kept-session.ts';
import { runProcess } from '../../../cli/identity/providers/process.ts';

let home: string;
let servers: Server[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'recode-providers-'));
  mkdirSync(join(home, '.aws/sso/cache'), { recursive: true });
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections();
  rmSync(home, { recursive: true });
});

/** What becomes of the credentials of the profile `p`. */
async function take(config: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(join(home, '.aws/config'), `[profile p]\nregion = us-west-2\n${config}`);
  const { clientConfig } = await identify({ profile: 'p' }, { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env });
  return clientConfig('sts').credentials();
}

describe('credential_process', () => {
  const run = (command: string, seconds?: number) => runProcess({ kind: 'process', profile: 'p', command }, 'linux', seconds);
  const printing = (answer: object) => `printf '${JSON.stringify({ Version: 1, AccessKeyId: 'P', SecretAccessKey: 's', ...answer })}'`;

  it('gives what it prints', async () => {
    const expiration = '2099-01-01T00:00:00Z';
    expect(await run(printing({ SessionToken: 't', Expiration: expiration }))).toEqual({
      accessKeyId: 'P',
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: new Date(expiration),
    });
  });

  it.each([
    ['its own reason', `/bin/sh -c 'echo "vault is sealed" >&2; exit 3'`, 'failed with exit code 3.\nvault is sealed'],
    ['a program that is not there', '/no/such/program --json', 'cannot start: /no/such/program does not exist.'],
    ['an open quote', `printf '{`, "is not a command: printf '{."],
    ['something other than JSON', 'echo please log in', 'did not print JSON.'],
    ['another version', printing({ Version: 2 }), 'answers with "Version": 2. It must be 1.'],
    ['no secret', printing({ SecretAccessKey: undefined }), 'answers without a SecretAccessKey.'],
    ['what a shell would do', `false || ${printing({})}`, 'failed with exit code 1.'],
  ])('says why there are none: %s', async (_, command, message) => {
    await expect(run(command)).rejects.toMatchObject({
      name: 'CredentialsNotObtained',
      message: `The credential_process of the profile "p" ${message}`,
    });
  });

  it('has nothing to read, and does not run for ever', async () => {
    writeFileSync(join(home, 'reads'), `cat\n${printing({})}\n`);
    expect(await run(`/bin/sh ${join(home, 'reads')}`)).toMatchObject({ accessKeyId: 'P' });
    await expect(run('sleep 30', 0.2)).rejects.toMatchObject({ message: expect.stringContaining('did not end within 0.2 seconds.') });
  });

  it('gives none that are over', async () => {
    await expect(run(printing({ Expiration: '2020-01-01T00:00:00Z' }))).rejects.toMatchObject({ name: 'CredentialsExpired' });
  });

  it('is never replaced by the container', async () => {
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/role' };
    await expect(take('credential_process = /bin/false\n', container)).rejects.toMatchObject({ name: 'CredentialsNotObtained' });
  });
});

describe('IAM Identity Center', () => {
  const config =
    'sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp/start\n';
  const tokenFile = () => join(home, '.aws/sso/cache', `${createHash('sha1').update('corp').digest('hex')}.json`);
  const token = (more: object) =>
    writeFileSync(tokenFile(), JSON.stringify({ accessToken: 'T', expiresAt: '2099-01-01T00:00:00Z', ...more }));

  /** Answers as the service's documentation and recordings of it have it. */
  async function portal(status: number, answer: object): Promise<NodeJS.ProcessEnv> {
    const server = createServer((request, response) => {
      const renewal = { accessToken: 'RENEWED', expiresIn: 28_800, refreshToken: 'NEXT', tokenType: 'Bearer' };
      const [code, body] = request.url === '/token' ? [200, renewal] : [status, answer];
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { AWS_ENDPOINT_URL_SSO: url, AWS_ENDPOINT_URL_SSO_OIDC: url };
  }

  it.each([
    [
      401,
      { __type: 'UnauthorizedException', message: 'Session token not found or invalid' },
      'CredentialsExpired',
      'Sign in with "aws sso login --profile p".',
    ],
    [
      403,
      { __type: 'ForbiddenException', message: 'No access' },
      'SsoRoleNotAssigned',
      'The role Dev in the account 111122223333 is not assigned to you',
    ],
  ])('explains the status %i', async (status, answer, name, words) => {
    token({});
    const env = await portal(status, answer);
    await expect(take(config, env)).rejects.toMatchObject({ name, message: expect.stringContaining(words) });
  });

  it.each([
    ['nobody has signed in', undefined],
    ['the session is over', { expiresAt: '2020-01-01T00:00:00Z' }],
  ])('asks for a sign-in where %s', async (_, content) => {
    if (content) token(content);
    await expect(take(config)).rejects.toMatchObject({
      name: 'CredentialsExpired',
      message: expect.stringContaining('Sign in with "aws sso login --profile p".'),
    });
  });

  it('renews a token that is over, and keeps it for the AWS CLI', async () => {
    const registration = { refreshToken: 'R', clientId: 'c', clientSecret: 's', registrationExpiresAt: '2099-01-01T00:00:00Z' };
    token({ expiresAt: '2020-01-01T00:00:00Z', ...registration });
    const env = await portal(200, {
      roleCredentials: { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration: Date.now() + 3_600_000 },
    });
    expect(await take(config, env)).toMatchObject({ accessKeyId: 'A', accountId: '111122223333' });
    expect(JSON.parse(readFileSync(tokenFile(), 'utf8'))).toMatchObject({ accessToken: 'RENEWED', refreshToken: 'NEXT', clientId: 'c' });
  });
});

describe('a role with mfa_serial', () => {
  const config =
    'role_arn = arn:aws:iam::1:role/R\nsource_profile = s\nmfa_serial = arn:aws:iam::1:mfa/ada\n[profile s]\naws_access_key_id = K\naws_secret_access_key = s\n';
  const parameters = { RoleArn: 'arn:aws:iam::1:role/R', SerialNumber: 'arn:aws:iam::1:mfa/ada' };

  it('says what to do where there is no terminal', async () => {
    await expect(take(config)).rejects.toMatchObject({
      name: 'MfaCodeNotAsked',
      message: 'The profile "p" needs a code of arn:aws:iam::1:mfa/ada, but this is not a terminal.',
    });
  });

  it('uses a session that the AWS CLI keeps, under the name that botocore gives it', async () => {
    // sha1 of json.dumps(parameters, sort_keys=True) in Python.
    const file = join(home, '.aws/cli/cache', '69dab080369ed758ff60e7550c41ce6b7adde195.json');
    mkdirSync(join(home, '.aws/cli/cache'), { recursive: true });
    const Credentials = { AccessKeyId: 'KEPT', SecretAccessKey: 's', SessionToken: 't', Expiration: '2099-01-01T00:00:00+00:00' };
    writeFileSync(file, JSON.stringify({ Credentials }));
    expect(await take(config)).toMatchObject({ accessKeyId: 'KEPT' });
  });

  it('keeps no session that is about to end', async () => {
    const expiration = new Date(Date.now() + 60_000);
    await keepSession(parameters, { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration }, { HOME: home });
    expect(await findSession(parameters, { HOME: home })).toBeUndefined();
  });
});

it('says why a web identity token cannot be read', async () => {
  await expect(take('role_arn = r\nweb_identity_token_file = /no/token\n')).rejects.toMatchObject({
    name: 'CredentialsNotObtained',
    message: 'The web identity token /no/token cannot be read: there is no such file.',
  });
});
