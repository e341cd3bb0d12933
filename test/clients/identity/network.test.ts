import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFetch } from '../../../cli/http/fetch.ts';
import { identify } from '../../../cli/identity/identify.ts';
import { type Aws, openAws } from './aws.ts';

// Debian's AWS CLI asks the same endpoint in the same environment: through the same proxy, or not at all.
const program = '/usr/bin/aws';

let home: string;
let aws: Aws;
let secure: Server;
let proxy: Server;
/** What went through the proxy. */
let proxied: string[] = [];
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'recode-network-'));
  const names = 'subjectAltName=DNS:localhost,DNS:sts.corp.test,IP:127.0.0.1';
  const subject = ['-subj', '/CN=Corp', '-addext', names, '-addext', 'basicConstraints=critical,CA:TRUE'];
  const files = ['-keyout', join(home, 'key.pem'), '-out', join(home, 'ca.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], { stdio: 'ignore' });
  aws = await openAws();
  const certificate = { key: readFileSync(join(home, 'key.pem')), cert: readFileSync(join(home, 'ca.pem')) };
  secure = await listening(
    createTlsServer(certificate, (from, to) => {
      const { hostname, port } = new URL(aws.url);
      const onward = request({ hostname, port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(to);
      });
      from.pipe(onward);
    }),
  );
  proxy = await listening(openProxy());
});
afterAll(async () => {
  for (const server of [secure, proxy]) server.close();
  await aws.stop();
  rmSync(home, { recursive: true });
});
beforeEach(() => {
  proxied = [];
});

/** A proxy that takes every name for this machine. */
function openProxy(): Server {
  const server = createServer((from, to) => {
    const { host, port, pathname } = new URL(from.url ?? '');
    proxied.push(`${from.method} ${host.split(':')[0]}`);
    from.pipe(
      request({ hostname: '127.0.0.1', port, method: from.method, path: pathname, headers: from.headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(to);
      }),
    );
  });
  return server.on('connect', ({ url = '', headers }, socket, head) => {
    const [host, port] = url.split(':');
    proxied.push(`CONNECT ${host}${headers['proxy-authorization'] ? ` ${headers['proxy-authorization']}` : ''}`);
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => onward.destroy());
  });
}

async function listening<S extends Server>(server: S): Promise<S> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;

const keys = { AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };

describe('a request to AWS', () => {
  const through = (way: string) => () => ({ [way]: `http://127.0.0.1:${portOf(proxy)}` });
  const bundle = () => ({ AWS_CA_BUNDLE: join(home, 'ca.pem') });
  const name = () => `https://sts.corp.test:${portOf(secure)}`;
  const here = () => `https://localhost:${portOf(secure)}`;

  it.each<[string, () => string, readonly (() => Record<string, string>)[], string?]>([
    ['HTTPS_PROXY and AWS_CA_BUNDLE', name, [through('HTTPS_PROXY'), bundle]],
    ['https_proxy before HTTPS_PROXY', name, [through('https_proxy'), () => ({ HTTPS_PROXY: 'http://127.0.0.1:9' }), bundle]],
    ['a proxy without its scheme', name, [() => ({ HTTPS_PROXY: `127.0.0.1:${portOf(proxy)}` }), bundle]],
    ['a proxy with a password', name, [() => ({ HTTPS_PROXY: `http://ada:pa%20ss@127.0.0.1:${portOf(proxy)}` }), bundle]],
    ['a proxy and an unknown certificate', name, [through('HTTPS_PROXY')]],
    ['NO_PROXY with the host', here, [through('HTTPS_PROXY'), () => ({ NO_PROXY: 'other.test, localhost' }), bundle]],
    ['NO_PROXY with the parent domain', name, [through('HTTPS_PROXY'), () => ({ NO_PROXY: 'corp.test' }), bundle]],
    ['NO_PROXY with a part of the name', name, [through('HTTPS_PROXY'), () => ({ NO_PROXY: 'rp.test' }), bundle]],
    ['an empty no_proxy', here, [through('HTTPS_PROXY'), () => ({ no_proxy: '', NO_PROXY: 'localhost' }), bundle]],
    ['HTTP_PROXY for https', here, [through('HTTP_PROXY'), bundle]],
    ['AWS_CA_BUNDLE', here, [bundle]],
    ['an unknown certificate', here, []],
    ['ca_bundle of the profile', here, [], 'ca_bundle = HOME/ca.pem\n'],
    ['AWS_CA_BUNDLE before ca_bundle', here, [bundle], 'ca_bundle = HOME/none.pem\n'],
    ['a CA bundle that is not there', here, [() => ({ AWS_CA_BUNDLE: '/none.pem' })]],
    ['HTTP_PROXY', () => aws.url.replace('127.0.0.1', 'sts.corp.test'), [through('HTTP_PROXY')]],
  ])('takes the way that the AWS CLI takes, or neither gets there: %s', async (_, endpoint, parts, config = '') => {
    mkdirSync(join(home, '.aws'), { recursive: true });
    writeFileSync(join(home, '.aws/config'), `[default]\n${config.replace('HOME', home)}`);
    const env = { PATH: process.env.PATH, HOME: home, ...keys, ...Object.assign({}, ...parts.map((part) => part())) };

    const args = [
      'sts',
      'get-caller-identity',
      '--endpoint-url',
      endpoint(),
      '--query',
      'Arn',
      '--output',
      'text',
      '--cli-connect-timeout',
      '5',
    ];
    const theirs = await promisify(execFile)(program, args, { env: { ...env, AWS_PAGER: '', AWS_MAX_ATTEMPTS: '1' } }).then(
      ({ stdout }) => stdout.trim(),
      () => 'refused',
    );
    const theirWay = [...new Set(proxied)];
    proxied = [];

    const mine = await asks({ ...env, AWS_ENDPOINT_URL: endpoint() });
    expect([mine, [...new Set(proxied)]]).toEqual([theirs, theirWay]);
  });

  async function asks(env: NodeJS.ProcessEnv): Promise<string> {
    try {
      const { clientConfig } = await identify({}, env);
      const sts = new STSClient({ ...clientConfig('sts'), maxAttempts: 1 });
      return (await sts.send(new GetCallerIdentityCommand({}))).Arn ?? '';
    } catch {
      return 'refused';
    }
  }
});

describe('a request to GitHub', () => {
  it('goes through the proxy, and trusts AWS_CA_BUNDLE', async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`, AWS_CA_BUNDLE: join(home, 'ca.pem') };
    const response = await (await openFetch(env))(`https://sts.corp.test:${portOf(secure)}/container`);
    expect([response.status, proxied]).toEqual([200, ['CONNECT sts.corp.test']]);
  });

  it('goes there directly where NO_PROXY says so', async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`, NO_PROXY: '.localhost', AWS_CA_BUNDLE: join(home, 'ca.pem') };
    const response = await (await openFetch(env))(`https://localhost:${portOf(secure)}/container`);
    expect([response.status, proxied]).toEqual([200, []]);
  });
});
