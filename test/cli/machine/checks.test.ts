import { describe, expect, it } from 'vitest';
import {
  type Blame,
  blameFor,
  connectionsCheck,
  type SeenConnection,
  type SeenConnections,
} from '../../../cli/machine/checks/connections.ts';
import { credentialsCheck } from '../../../cli/machine/checks/credentials.ts';
import { clockCheck, endpointsCheck } from '../../../cli/machine/checks/endpoints.ts';
import { gitCheck } from '../../../cli/machine/checks/git.ts';
import { keysCheck } from '../../../cli/machine/checks/keys.ts';
import { nodeCheck } from '../../../cli/machine/checks/node.ts';
import { proxyCheck } from '../../../cli/machine/checks/proxy.ts';
import { recodeCheck } from '../../../cli/machine/checks/recode.ts';
import { regionCheck } from '../../../cli/machine/checks/region.ts';
import { settingsCheck } from '../../../cli/machine/checks/settings.ts';
import { sshCheck } from '../../../cli/machine/checks/ssh.ts';
import { agentCheck } from '../../../cli/machine/checks/ssh-agent.ts';
import { sshConfigCheck } from '../../../cli/machine/checks/ssh-config.ts';
import { stackCheck } from '../../../cli/machine/checks/stack.ts';
import { explainFor } from '../../../cli/machine/explain.ts';
import { RecodeError } from '../../../core/errors.ts';

const failure = explainFor({ local: false })(new RecodeError('SshClientMissing', 'There is no "ssh" on the PATH.'));
const isFailure = {
  verdict: 'problem',
  seen: 'There is no "ssh" on the PATH.',
  nextStep: expect.stringContaining('then run "recode aws doctor" again'),
};

describe('recodeCheck', () => {
  const seen = { version: '0.2.0', packageVersion: '0.2.0', folder: '/src/recode', isClone: true };
  it('says what runs, and from where', () => {
    expect(recodeCheck(seen)).toMatchObject({ verdict: 'ok', seen: 'recode 0.2.0, a clone in /src/recode' });
    expect(recodeCheck({ ...seen, isClone: false }).seen).toBe('recode 0.2.0, installed in /src/recode');
  });
  it('warns of a clone that is not built', () => {
    expect(recodeCheck({ ...seen, packageVersion: '0.3.0' })).toMatchObject({
      verdict: 'warning',
      nextStep: expect.stringContaining('npm ci'),
    });
  });
});

describe('nodeCheck', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['22.1.0', 'ok'],
    ['20.18.9', 'problem'],
    ['18.20.0', 'problem'],
  ])('of Node.js %s is %s', (version, verdict) => {
    expect(nodeCheck({ version, oldest: '20.19', platform: 'linux x64' }).verdict).toBe(verdict);
  });
});

describe('sshCheck', () => {
  // As `ssh -V` of these says it.
  it.each([
    ['OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19 27 Jan 2026', false, 'ok'],
    ['OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2', false, 'ok'],
    ['OpenSSH_10.0p2, OpenSSL 3.5.1', true, 'ok'],
    ['OpenSSH_8.4p1, OpenSSL 1.1.1n', true, 'warning'],
    ['OpenSSH_8.2p1 Ubuntu-4ubuntu0.13, OpenSSL 1.1.1f', true, 'problem'],
    ['OpenSSH_7.2p2, OpenSSL 1.0.2g', false, 'warning'],
    ['OpenSSH_6.4p1, OpenSSL 1.0.1e', false, 'problem'],
    ['Dropbear v2022.83', false, 'problem'],
  ])('of %s, with a percent sign in the paths: %s, is %s', (said, percentInPaths, verdict) => {
    expect(sshCheck({ path: '/usr/bin/ssh', said, percentInPaths })).toMatchObject({ verdict, seen: expect.stringContaining(said) });
  });
  it('names what an old one lacks, and since when it is there', () => {
    const { seen } = sshCheck({ path: undefined, said: 'OpenSSH_7.2p2', percentInPaths: false });
    expect(seen).toMatch(/"Include".*\(7\.3\), scp over SFTP.*\(8\.7\)\.$/);
  });
  it('explains why there is none', () => {
    expect(sshCheck({ path: undefined, said: '', failure, percentInPaths: false })).toMatchObject(isFailure);
  });
});

describe('gitCheck', () => {
  it('says which git there is', () => {
    expect(gitCheck({ path: '/usr/bin/git', said: 'git version 2.39.5' })).toMatchObject({
      verdict: 'ok',
      seen: 'git version 2.39.5, /usr/bin/git',
    });
  });
  it.each([
    [undefined, 'There is no "git" on the PATH.'],
    ['/usr/bin/git', '"/usr/bin/git --version" fails or does not end within 5 seconds.'],
  ])('warns where git does not run: %s', (path, seen) => {
    expect(gitCheck({ path, said: undefined })).toMatchObject({ verdict: 'warning', seen });
  });
});

describe('keysCheck', () => {
  it('counts the key pairs that are fine', () => {
    expect(keysCheck({ root: '/keys', keys: [] })).toMatchObject([{ verdict: 'ok', seen: 'No key pair yet in /keys' }]);
    expect(keysCheck({ root: '/keys', keys: [{}, {}] })).toMatchObject([{ verdict: 'ok', seen: '2 key pairs in /keys' }]);
  });
  it('explains each that is not', () => {
    expect(keysCheck({ root: '/keys', keys: [{}, { failure }, { failure }] })).toMatchObject([isFailure, isFailure]);
    expect(keysCheck({ root: '', keys: [], failure })).toMatchObject([isFailure]);
  });
});

describe('agentCheck', () => {
  const seen = { forwardedTo: ['acme/api'], socket: '/run/agent', code: 0 };
  // The codes are those of ssh-add(1).
  it.each([
    [{ ...seen, forwardedTo: [], code: null }, 'ok', 'Not forwarded'],
    [seen, 'ok', 'It holds keys. It is forwarded to the environment of acme/api.'],
    [{ ...seen, code: 1 }, 'warning', 'holds no key'],
    [{ ...seen, code: 2 }, 'problem', 'No SSH agent answers at /run/agent.'],
    [{ ...seen, socket: undefined, code: 2 }, 'problem', 'SSH_AUTH_SOCK is not set.'],
    [{ ...seen, code: null, trouble: 'There is no "ssh-add" on the PATH.' }, 'skipped', 'There is no "ssh-add"'],
  ])('of %j is %s', (agent, verdict, says) => {
    expect(agentCheck(agent)).toMatchObject({ verdict, seen: expect.stringContaining(says) });
  });
});

describe('sshConfigCheck', () => {
  const seen = { file: '/home/a b/.ssh/config', include: 'first', writableByOthers: false, hosts: 2, wrong: [] } as const;
  it.each([
    [seen, 'ok', 'includes 2 hosts', null],
    [{ ...seen, include: 'none' as const }, 'ok', 'does not include', null],
    [{ ...seen, include: 'later' as const }, 'warning', 'below a Host or Match', 'recode aws config-ssh'],
    [{ ...seen, writableByOthers: true }, 'problem', 'Other users can write', `chmod go-w '/home/a b/.ssh/config'`],
    [{ ...seen, wrong: ['One.', 'Two.'] }, 'warning', 'One. The same holds for 1 more host.', 'Remove the other line'],
    [{ ...seen, failure }, 'problem', 'There is no "ssh"', 'again'],
  ])('of %j is %s', (config, verdict, says, advice) => {
    const check = sshConfigCheck(config);
    expect(check).toMatchObject({ verdict, seen: expect.stringContaining(says) });
    expect(check.nextStep).toEqual(advice === null ? null : expect.stringContaining(advice));
  });
});

it('settingsCheck says what is set, and explains each setting that cannot be used', () => {
  expect(settingsCheck({ file: '/c.json', names: [], failures: [] })).toMatchObject([{ verdict: 'ok', seen: 'None set in /c.json' }]);
  expect(settingsCheck({ file: '/c.json', names: ['region', 'editor'], failures: [] })).toMatchObject([
    { seen: 'region, editor in /c.json' },
  ]);
  expect(settingsCheck({ file: '/c.json', names: ['region'], failures: [failure, failure] })).toMatchObject([isFailure, isFailure]);
});

describe('proxyCheck', () => {
  it.each<[NodeJS.ProcessEnv, string, string]>([
    [{}, 'ok', 'None set'],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, 'ok', 'HTTPS_PROXY=http://proxy:3128. ssh does not use it.'],
    [{ HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.amazonaws.com' }, 'ok', 'AWS is reached without a proxy.'],
    [{ https_proxy: 'http://one:1', HTTPS_PROXY: 'http://two:2' }, 'warning', 'https_proxy and HTTPS_PROXY differ'],
    [{ ALL_PROXY: 'http://proxy:3128' }, 'warning', 'No proxy for AWS'],
    [{ HTTPS_PROXY: 'http://:3128' }, 'problem', 'not a URL'],
  ])('of %j is %s', (variables, verdict, seen) => {
    expect(proxyCheck(variables)).toMatchObject({ verdict, seen: expect.stringContaining(seen) });
  });
  it.each(['http://me:secret@proxy:3128', 'me:secret@proxy:3128'])('does not show the password in %s', (HTTPS_PROXY) => {
    expect(proxyCheck({ HTTPS_PROXY }).seen).toMatch(/^HTTPS_PROXY=(http:\/\/)?proxy:3128\./);
  });
});

describe('regionCheck', () => {
  it.each([
    [{ region: 'eu-west-3', source: '--region' }, 'ok'],
    [{ region: 'eu-west-3', source: 'AWS_REGION', other: 'eu-west-3' }, 'ok'],
    [{ region: 'eu-west-3', source: 'AWS_REGION', other: 'us-east-1' }, 'warning'],
    [{ failure }, 'problem'],
    [{ because: 'It is so.' }, 'skipped'],
  ])('of %j is %s', (seen, verdict) => {
    expect(regionCheck(seen).verdict).toBe(verdict);
  });
});

describe('endpointsCheck', () => {
  const seen = { service: 'sts', host: 'sts.eu-west-3.amazonaws.com' } as const;
  it('names the hosts, and each reason once', () => {
    const other = { service: 'sfn', host: 'states.eu-west-3.amazonaws.com' } as const;
    expect(endpointsCheck([seen, other])).toMatchObject({ verdict: 'ok', seen: `Reached: ${seen.host}, ${other.host}` });
    const lost = [seen, other].map((each) => ({ ...each, trouble: `${each.host} could not be resolved.` }));
    expect(endpointsCheck(lost)).toMatchObject({
      verdict: 'problem',
      seen: `Not reached: ${seen.host}, ${other.host}. The name could not be resolved.`,
    });
    expect(endpointsCheck([], 'No AWS region set.')).toMatchObject({ verdict: 'skipped' });
  });
});

describe('clockCheck', () => {
  const off = (clockAhead: number) =>
    clockCheck([
      { service: 'sts', host: 'sts' },
      { service: 'sfn', host: 'states', clockAhead },
    ]);
  const minute = 60_000;
  it.each([
    [0, 'ok', 'It agrees'],
    [-0.9, 'ok', 'It agrees'],
    [2, 'warning', '2 minutes behind that of AWS'],
    [-6, 'problem', '6 minutes ahead of that of AWS. AWS refuses signatures with'],
    [16, 'problem', 'the proof of who starts an operation'],
  ])('of a clock that AWS is %s minutes ahead of is %s', (minutes, verdict, says) => {
    expect(off(minutes * minute)).toMatchObject({ verdict, seen: expect.stringContaining(says) });
  });
  it('cannot tell without an answer', () => {
    expect(clockCheck([{ service: 'sts', host: 'sts', trouble: 'No.' }]).verdict).toBe('skipped');
  });
});

describe('credentialsCheck', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const seen = { source: 'keys in the credentials file', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', accountId: '123456789012', owner: 'alice' };
  it('says who it is, from where', () => {
    expect(credentialsCheck(seen, now)).toMatchObject({
      verdict: 'ok',
      seen: 'alice in account 123456789012, from keys in the credentials file (access key AKIAIOSFODNN7EXAMPLE)',
    });
  });
  it('warns of keys that expire soon', () => {
    expect(credentialsCheck({ ...seen, expiresAt: now + 16 * 60_000 }, now).verdict).toBe('ok');
    const late = credentialsCheck({ ...seen, expiresAt: now + 4 * 60_000 }, now);
    expect(late).toMatchObject({ verdict: 'warning', seen: expect.stringContaining('They expire in 4 min.') });
  });
  it('explains what is wrong, and where they come from', () => {
    expect(credentialsCheck({ source: seen.source, failure }, now)).toMatchObject({
      verdict: 'problem',
      seen: 'There is no "ssh" on the PATH. They come from keys in the credentials file.',
    });
    expect(credentialsCheck({ source: seen.source, because: 'AWS cannot be reached.' }, now)).toMatchObject({
      verdict: 'skipped',
      seen: 'Not checked. AWS cannot be reached. They come from keys in the credentials file.',
    });
  });
});

it('stackCheck says which version is deployed, or why it cannot be used', () => {
  expect(stackCheck({ version: '0.2.1' })).toMatchObject({ verdict: 'ok', seen: 'recode 0.2.1 is deployed' });
  expect(stackCheck({ failure })).toMatchObject(isFailure);
  expect(stackCheck({ version: '0.2.1', because: 'It is so.' }).verdict).toBe('skipped');
});

describe('connectionsCheck', () => {
  const connection: SeenConnection = { repository: 'acme/api', address: '203.0.113.7', allowCidrs: ['0.0.0.0/0'], trouble: undefined };
  const seen = (connections: SeenConnection[], more: Partial<SeenConnections> = {}): SeenConnections => ({
    connections,
    ownAddress: undefined,
    proxied: false,
    account: { profile: 'team' },
    ...more,
  });
  const lost = (trouble: string, allowCidrs = connection.allowCidrs) => ({ ...connection, trouble, allowCidrs });

  it('counts those that answer', () => {
    expect(connectionsCheck(seen([]))).toMatchObject([{ verdict: 'ok', seen: 'None of your environments runs' }]);
    expect(connectionsCheck(seen([connection]))).toMatchObject([{ verdict: 'ok', seen: '1 running environment answered on port 2200' }]);
    expect(connectionsCheck(seen([], { because: 'It is so.' }))).toMatchObject([{ verdict: 'skipped' }]);
  });

  const office = ['198.51.100.0/24'];
  it.each<[string, SeenConnection, Partial<SeenConnections>, Blame]>([
    ['a refusal, which comes through', lost('connect ECONNREFUSED 203.0.113.7:2200', office), { ownAddress: '192.0.2.1' }, 'instance'],
    ['silence, from an address that is not allowed', lost('no answer', office), { ownAddress: '192.0.2.1' }, 'allowed blocks'],
    ['silence, from one that is', lost('no answer', office), { ownAddress: '198.51.100.9' }, 'network or instance'],
    ['silence behind a proxy', lost('no answer'), { proxied: true }, 'network'],
    ['silence of one environment alone', lost('no answer'), { connections: [connection] }, 'instance'],
    ['no way out', lost('connect ENETUNREACH 203.0.113.7:2200'), {}, 'network'],
    ['an answer that is not SSH', lost('something else than SSH answers'), {}, 'network'],
  ])('blames for %s the right one', (_, one, { connections = [], ...more }, blame) => {
    const all = seen([one, ...connections], more);
    expect(blameFor(one, all)).toBe(blame);
    const [check] = connectionsCheck(all);
    const advice: Record<Blame, RegExp> = {
      'allowed blocks': /"recode aws start acme\/api --allow-cidr mine --profile team"/,
      instance: /"recode aws logs acme\/api --console --profile team".*"recode aws restart acme\/api --profile team"/,
      network: /port 2200, or try another network/,
      'network or instance': /^Try another network.*--console/,
    };
    expect(check).toMatchObject({
      verdict: 'problem',
      seen: expect.stringContaining('acme/api (203.0.113.7) does not answer on port 2200'),
    });
    expect(check?.nextStep).toMatch(advice[blame]);
  });
});
