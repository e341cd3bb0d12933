import { createHash } from 'node:crypto';

/** Files, environment and option of one command. */
export interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly profile?: string;
}

const keys = (id: string) => [`aws_access_key_id = ${id}`, 'aws_secret_access_key = s'];
const echo = (id: string) => `credential_process = printf '{"Version": 1, "AccessKeyId": "${id}", "SecretAccessKey": "s"}'`;
const session = '[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp/start\n';
const sso = ['sso_account_id = 111122223333', 'sso_role_name = Dev'];
const ssoOld = ['sso_start_url = https://corp/start', 'sso_region = eu-west-1', ...sso];
const role = (name: string) => `role_arn = arn:aws:iam::444455556666:role/${name}`;

// What a profile may say in either file: lines, and the sections that they refer to.
const config: readonly (readonly [string, readonly string[]])[] = [
  ['nothing', []],
  ['keys', keys('CONF')],
  ['keys with both tokens', [...keys('CONF'), 'aws_session_token = NEW', 'aws_security_token = OLD']],
  ['a token alone', ['aws_session_token = STALE']],
  ['a key alone', ['aws_access_key_id = HALF']],
  ['a process', [echo('PROC')]],
  ['a process and keys', [echo('PROC'), ...keys('CONF')]],
  ['a process that fails', ['credential_process = /bin/sh -c "echo vault is sealed >&2; exit 3"']],
  ['a process of another version', [`credential_process = printf '{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "s"}'`]],
  ['SSO', ['sso_session = corp', ...sso]],
  ['SSO of the older form', ssoOld],
  ['SSO, process and keys', [...ssoOld, echo('PROC'), ...keys('CONF')]],
  ['SSO without a role', ['sso_session = corp', 'sso_account_id = 111122223333']],
  ['SSO with an unknown session', ['sso_session = none', ...sso]],
  ['a role of keys', [role('R'), 'source_profile = src']],
  [
    'a role with all its settings',
    [role('R'), 'source_profile = src', 'external_id = x-1', 'duration_seconds = 900', 'role_session_name = ada'],
  ],
  ['a role of itself', [role('R'), 'source_profile = SELF', ...keys('CONF')]],
  ['a role of a role', [role('R'), 'source_profile = chain']],
  ['a role of SSO', [role('R'), 'source_profile = signed-in']],
  ['a role of a process', [role('R'), 'source_profile = runs']],
  ['a role in a circle', [role('R'), 'source_profile = circle']],
  ['a role of nobody', [role('R'), 'source_profile = none']],
  ['a role of a profile without keys', [role('R'), 'source_profile = empty']],
  ['a role without a source', [role('R')]],
  ['a role with two sources', [role('R'), 'source_profile = src', 'credential_source = Environment']],
  ['a role of the environment', [role('R'), 'credential_source = Environment']],
  ['a role of the container', [role('R'), 'credential_source = EcsContainer']],
  ['a role of something else', [role('R'), 'credential_source = Vault']],
  ['web identity', [role('W'), 'web_identity_token_file = HOME/token']],
  ['web identity and a source', [role('W'), 'web_identity_token_file = HOME/token', 'source_profile = src', ...keys('CONF')]],
  ['web identity without a token', [role('W'), 'web_identity_token_file = HOME/none']],
  ['an endpoint', [...keys('CONF'), 'endpoint_url = https://all.example.com']],
  ['services', [...keys('CONF'), 'services = own', 'endpoint_url = https://all.example.com']],
  ['unknown services', [...keys('CONF'), 'services = none']],
  ['FIPS', [...keys('CONF'), 'use_fips_endpoint = True']],
  ['dual stack', [...keys('CONF'), 'use_dualstack_endpoint = true']],
  ['an account', [...keys('CONF'), 'aws_account_id = 999988887777']],
];
const credentials: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['keys in the credentials file', keys('CRED')],
  ['keys and a region in the credentials file', [...keys('CRED'), 'region = us-east-2']],
];
const environments: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['', {}],
  ['keys in the environment', { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's', AWS_ACCOUNT_ID: '123456789012' }],
  [
    'both tokens in the environment',
    { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's', AWS_SECURITY_TOKEN: 'A', AWS_SESSION_TOKEN: 'B' },
  ],
  ['half a pair in the environment', { AWS_ACCESS_KEY_ID: 'ENV' }],
  ['a container', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'AWS/container', AWS_CONTAINER_AUTHORIZATION_TOKEN: 'tok' }],
  ['an instance', { AWS_EC2_METADATA_DISABLED: '0', AWS_EC2_METADATA_SERVICE_ENDPOINT: 'AWS' }],
  ['another region', { AWS_DEFAULT_REGION: 'eu-west-2' }],
  ['a DynamoDB endpoint', { AWS_ENDPOINT_URL_DYNAMODB: 'http://ddb.example.com:8000', AWS_USE_FIPS_ENDPOINT: 'false' }],
  ['ignored endpoints', { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }],
  ['a token file in the environment', { AWS_WEB_IDENTITY_TOKEN_FILE: 'HOME/token', AWS_ROLE_ARN: 'arn:aws:iam::444455556666:role/E' }],
];
const names = ['p', 'two words', 'a:b', 'r&d', '東京', 'default', "o'k", 'x#y'];
const ways = ['option', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE'] as const;

/** As many cases as there are ways to say it, and the same ones each time; each part occurs with several others. */
export function generatedCases(count: number): Case[] {
  return Array.from({ length: count }, (_, index) => {
    const [what, lines] = at(config, index);
    const [also, credentialLines] = at(credentials, index * 7 + Math.floor(index / config.length));
    const [around, variables] = at(environments, index * 3 + Math.floor(index / config.length));
    const name = at(names, index * 5 + Math.floor(index / 40));
    const way = at(ways, Math.floor(index / 2));
    const write = (line: string) => styled(line.replace('SELF', name), index);
    const header = name === 'default' ? '[default]' : /^[\w:&]+$/.test(name) ? `[profile ${name}]` : `[profile ${JSON.stringify(name)}]`;
    const section = [header, index % 5 === 0 ? 's3 =\n  region = nowhere' : '# a comment', ...['region = us-west-2', ...lines].map(write)];
    const end = index % 6 === 0 ? '\r\n' : '\n';
    const text = [...section, ...others].join('\n').replaceAll(/\r?\n/g, end);
    const own = credentialLines.length === 0 ? [] : [`[${name}]`, ...credentialLines.map(write)];
    return {
      name: [`#${index}`, what, also, around, `${name} by ${way}`].filter((part) => part !== '').join(', '),
      files: {
        '.aws/config': `${text}${end}`,
        '.aws/credentials': [...own, '[src]', ...keys('SRC'), ''].join('\n'),
        token: 'a-web-identity-token',
        ...tokens,
      },
      env: { AWS_EC2_METADATA_DISABLED: 'true', ...variables, ...(way !== 'option' && { [way]: name }) },
      ...(way === 'option' && { profile: name }),
    };
  });
}

const others = [
  `\n[profile chain]\n${role('C')}\nsource_profile = src`,
  `[profile signed-in]\nsso_session = corp\n${sso.join('\n')}`,
  `[profile runs]\n${echo('RUN')}`,
  `[profile circle]\n${role('X')}\nsource_profile = circle2\n[profile circle2]\n${role('Y')}\nsource_profile = circle`,
  '[profile empty]\nregion = us-west-1',
  session,
  '[services own]\ndynamodb =\n  endpoint_url = https://ddb.example.com\ns3 =\n  endpoint_url = https://s3.example.com',
];

const token = (accessToken: string) => JSON.stringify({ accessToken, expiresAt: '2099-01-01T00:00:00Z', region: 'eu-west-1' });
const tokenFile = (name: string) => `.aws/sso/cache/${createHash('sha1').update(name).digest('hex')}.json`;
const tokens = { [tokenFile('corp')]: token('TOKEN'), [tokenFile('https://corp/start')]: token('OLDTOKEN') };

/** The same line as different people write it. */
function styled(line: string, index: number): string {
  const [key = '', ...rest] = line.split(' = ');
  const value = rest.join(' = ');
  return [`${key} = ${value}`, `${key}=${value}  `, `${key.toUpperCase()} : ${value}`][index % 3] ?? line;
}

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index % values.length];
  if (value === undefined) throw new Error('There are no values.');
  return value;
}
