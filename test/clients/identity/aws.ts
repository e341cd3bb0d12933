import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** STS, IAM Identity Center, a container's and an instance's metadata service on one port of this machine. */
export interface Aws {
  readonly url: string;
  /** What was asked, in order: `AssumeRole`, `GetRoleCredentials`, … with the access key it was signed with. */
  readonly calls: string[];
  stop(): Promise<void>;
}

const soon = () => new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');

/** Answers as the services' documentation has it. Who was given what can be read from the access keys. */
export async function openAws(): Promise<Aws> {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const { status = 200, text, type = 'application/json' } = answer(request, body, calls);
    response.writeHead(status, { 'content-type': type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status?: number;
  readonly text: string;
  readonly type?: string;
}

function answer({ method, url = '', headers }: IncomingMessage, body: string, calls: string[]): Answer {
  const signer = /Credential=([^/]*)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const parameters = new URLSearchParams(body);
  const action = parameters.get('Action');
  if (action) calls.push(`${action} by ${signer}`);
  if (action === 'GetCallerIdentity') {
    const region = /Credential=[^/]*\/\d+\/([^/]*)/.exec(headers.authorization ?? '')?.[1] ?? '';
    const arn = `arn:aws:iam::111122223333:user/${signer}/${region}/${headers['x-amz-security-token'] ?? 'none'}`;
    return xml(action, `<Arn>${arn}</Arn><UserId>u</UserId><Account>111122223333</Account>`);
  }
  if (action === 'AssumeRole' || action === 'AssumeRoleWithWebIdentity') {
    const name = parameters.get('RoleArn')?.split('/').at(-1) ?? '';
    const by = action === 'AssumeRole' ? signer : `token:${parameters.get('WebIdentityToken')?.trim()}`;
    const details = ['ExternalId', 'DurationSeconds', 'SerialNumber', 'TokenCode'].flatMap((key) => parameters.get(key) ?? []);
    const key = [name, by, ...details].join('~');
    const credentials = `<AccessKeyId>${key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>T-${name}</SessionToken>`;
    const user = `<AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/${name}/x</Arn><AssumedRoleId>i</AssumedRoleId></AssumedRoleUser>`;
    return xml(action, `<Credentials>${credentials}<Expiration>${soon()}</Expiration></Credentials>${user}`);
  }
  if (url.startsWith('/federation/credentials')) {
    const token = String(headers['x-amz-sso_bearer_token']);
    calls.push(`GetRoleCredentials by ${token}`);
    const query = new URL(url, 'http://x').searchParams;
    if (token === 'REVOKED')
      return { status: 401, text: JSON.stringify({ message: 'Session token not found or invalid', __type: 'UnauthorizedException' }) };
    if (query.get('role_name') === 'NotMine')
      return { status: 403, text: JSON.stringify({ message: 'No access', __type: 'ForbiddenException' }) };
    const accessKeyId = ['SSO', token, query.get('account_id'), query.get('role_name')].join('~');
    return {
      text: JSON.stringify({
        roleCredentials: { accessKeyId, secretAccessKey: 's', sessionToken: 'T-SSO', expiration: Date.now() + 3_600_000 },
      }),
    };
  }
  if (url === '/token') {
    calls.push('CreateToken');
    const { refreshToken } = JSON.parse(body) as { refreshToken: string };
    return {
      text: JSON.stringify({ accessToken: `RENEWED-${refreshToken}`, expiresIn: 28_800, refreshToken: 'NEXT', tokenType: 'Bearer' }),
    };
  }
  const given = { SecretAccessKey: 's', Token: 'T-METADATA', Expiration: soon() };
  if (url === '/container') return { text: JSON.stringify({ AccessKeyId: `CONTAINER~${headers.authorization ?? ''}`, ...given }) };
  if (url === '/latest/api/token' && method === 'PUT') return { text: 'IMDS-TOKEN', type: 'text/plain' };
  if (headers['x-aws-ec2-metadata-token'] === 'IMDS-TOKEN') {
    if (url === '/latest/meta-data/placement/availability-zone/') return { text: 'ap-south-1b', type: 'text/plain' };
    if (url === '/latest/meta-data/iam/security-credentials/') return { text: 'box', type: 'text/plain' };
    if (url === '/latest/meta-data/iam/security-credentials/box')
      return { text: JSON.stringify({ AccessKeyId: 'INSTANCE', Code: 'Success', ...given }) };
  }
  return { status: 404, text: '' };
}

const xml = (action: string, result: string): Answer => ({
  text: `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`,
  type: 'text/xml',
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
