import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});

const directory = mkdtempSync(join(tmpdir(), 'recode-config-'));
const home = join(directory, 'home');
const file = join(home, '.config', 'recode', 'config.json');
beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  write(join(home, '.aws', 'config'), `[profile team]\nregion = eu-north-1\n[profile other]\nregion = eu-south-1\n`);
  write(
    join(home, '.aws', 'credentials'),
    ['team', 'other'].map((name) => `[${name}]\naws_access_key_id = ${name}\naws_secret_access_key = s\n`).join(''),
  );
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  expectAllRaised(raisedBy.config);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
const save = (config: unknown) => write(file, JSON.stringify(config));
const saved = () => JSON.parse(readFileSync(file, 'utf8')) as unknown;
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => recode(args, { directory, env });
const config = (...args: string[]) => run(['config', ...args]);

/** Who `recode aws` is, and where. */
async function whoami(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { json } = await run(['aws', 'whoami', '--json', ...args], { AWS_ENDPOINT_URL: aws.endpoint, ...env });
  const { owner, region, profile } = json as Record<string, unknown>;
  return { owner, region, profile };
}

describe('recode config', () => {
  it('sets, gets and removes a setting, and keeps all others', async () => {
    save({ later: { deep: true } });
    expect(await config('set', 'region', 'eu-west-1')).toMatchObject({ code: 0, stdout: 'region is now eu-west-1\n', stderr: '' });
    expect(await config('set', 'editor', 'code', '--json')).toMatchObject({ code: 0, json: { name: 'editor', value: 'code' } });
    expect(saved()).toEqual({ later: { deep: true }, region: 'eu-west-1', editor: 'code' });
    expect(await config('get', 'region')).toMatchObject({ code: 0, stdout: 'eu-west-1\n', stderr: '' });
    expect(await config('unset', 'region')).toMatchObject({ code: 0, stdout: 'region is no longer set\n' });
    expect(await config('unset', 'region')).toMatchObject({ code: 0, stdout: 'region was not set\n' });
    expect(await config('unset', 'editor', '--json')).toMatchObject({ json: { name: 'editor', value: null, removed: true } });
    expect(saved()).toEqual({ later: { deep: true } });
  });

  // As "git config --get".
  it('prints nothing of a setting that is not set, and exits with 1', async () => {
    expect(await config('get', 'git-protocol')).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(await config('get', 'region', '--json')).toMatchObject({ code: 1, json: { name: 'region', value: null } });
  });

  it('lists what counts, and why', async () => {
    save({ profile: 'team', editor: 'zed' });
    const env = { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-3' };
    expect(await run(['config', 'list'], env)).toMatchObject({
      code: 0,
      stdout: [
        'NAME           VALUE        SOURCE',
        'profile        team         setting',
        'region         eu-west-3    AWS_DEFAULT_REGION',
        'editor         zed          setting',
        'dotfiles       none         default',
        "instance-type  your team's  default",
        'git-protocol   https        default\n',
      ].join('\n'),
    });
    expect((await run(['config', 'list', '--json'], env)).json).toEqual([
      { name: 'profile', value: 'team', source: 'setting', variable: null },
      { name: 'region', value: 'eu-west-3', source: 'variable', variable: 'AWS_DEFAULT_REGION' },
      { name: 'editor', value: 'zed', source: 'setting', variable: null },
      { name: 'dotfiles', value: null, source: 'default', variable: null },
      { name: 'instance-type', value: null, source: 'default', variable: null },
      { name: 'git-protocol', value: 'https', source: 'default', variable: null },
    ]);
  });

  it('says what keeps a setting from counting', async () => {
    const { code, stdout, stderr } = await run(['config', 'set', 'profile', 'taem'], { AWS_PROFILE: 'other' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'profile is now taem\n' });
    expect(stderr).toBe(
      '! AWS_PROFILE overrides it: other\n! The AWS CLI has no profile "taem" on this machine. Its profiles: team, other\n',
    );
  });

  it.each([
    ['set', 'git_protocol', "Unknown setting 'git_protocol'. Did you mean git-protocol?"],
    ['set', 'type', "Unknown setting 'type'. Did you mean instance-type?"],
    ['set', 'colour', "Unknown setting 'colour'."],
  ])('%s %s is refused', async (command, name, problem) => {
    const args = ['config', command, name, 'x'];
    expectFailure(await run(args), args, {
      name: 'UsageNotValid',
      message: `${problem} The settings are profile, region, editor, dotfiles, instance-type, git-protocol.`,
      usage: 'recode config set',
    });
  });

  it('refuses a value that the option would refuse, and saves nothing', async () => {
    const args = ['config', 'set', 'editor', 'vim', '--json'];
    const message = "Invalid editor 'vim'. Use code, cursor, windsurf, zed, idea or none.";
    expectFailure(await run(args), args, { name: 'UsageNotValid', message, usage: 'recode config set' });
    expect(() => saved()).toThrow('ENOENT');
  });

  it('loses nothing when many commands save at the same time', async () => {
    const values = {
      profile: 'team',
      region: 'eu-west-1',
      editor: 'code',
      dotfiles: 'a/b',
      'instance-type': 't3.large',
      'git-protocol': 'ssh',
    };
    const codes = await Promise.all(Object.entries(values).map(async ([name, value]) => (await config('set', name, value)).code));
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
    expect(saved()).toEqual(values);
  });

  it('leaves a damaged file as it is', async () => {
    write(file, '{ "region": ');
    for (const args of [
      ['config', 'set', 'region', 'eu-west-1'],
      ['config', 'unset', 'region'],
      ['config', 'list'],
      ['aws', 'list'],
    ]) {
      expectFailure(await run(args), args, { name: 'ConfigDamaged', message: `${file} is not JSON: Unexpected end of JSON input.` });
    }
    expect(readFileSync(file, 'utf8')).toBe('{ "region": ');
  });

  it('cannot read or write what is no file', async () => {
    mkdirSync(file, { recursive: true });
    const list = ['config', 'list', '--json'];
    expectFailure(await run(list), list, { name: 'ConfigNotReadable', message: `${file} cannot be read: a folder is in its place.` });
    const folder = dirname(file);
    rmSync(folder, { recursive: true });
    write(folder, '');
    const set = ['config', 'set', 'region', 'eu-west-1'];
    expectFailure(await run(set), set, {
      name: 'ConfigNotWritable',
      message: `${folder} cannot be written: a file is where one of its folders should be.`,
    });
  });
});

describe('the settings profile and region', () => {
  it('stand below options and variables, and above the files of the AWS CLI', async () => {
    save({ profile: 'team' });
    expect(await whoami()).toEqual({ owner: 'team', region: 'eu-north-1', profile: 'team' });
    save({ profile: 'team', region: 'eu-west-1' });
    expect(await whoami()).toEqual({ owner: 'team', region: 'eu-west-1', profile: 'team' });
    const env = { AWS_PROFILE: 'other', AWS_REGION: 'us-east-1' };
    expect(await whoami([], env)).toEqual({ owner: 'other', region: 'us-east-1', profile: 'other' });
    expect(await whoami(['--profile', 'team', '--region', 'us-west-1'], env)).toEqual({
      owner: 'team',
      region: 'us-west-1',
      profile: 'team',
    });
  });

  // The AWS CLI does so with AWS_PROFILE.
  it('leave keys in environment variables in force', async () => {
    save({ profile: 'team' });
    const env = { AWS_ACCESS_KEY_ID: 'carol', AWS_SECRET_ACCESS_KEY: 's' };
    expect(await whoami([], env)).toEqual({ owner: 'carol', region: 'eu-north-1', profile: 'team' });
  });

  it('are named where they are shown and where they are wrong', async () => {
    save({ profile: 'team' });
    expect((await run(['aws', 'whoami'], { AWS_ENDPOINT_URL: aws.endpoint })).stdout).toContain('team, which the setting profile names\n');
    save({ profile: 'gone' });
    const message = 'The profile "gone", which the setting profile names, is not in the AWS CLI\'s configuration files.';
    expectFailure(await run(['aws', 'list']), ['aws', 'list'], { name: 'ProfileNotFound', message });
    save({ region: 'EU_WEST-1' });
    expectFailure(await run(['aws', 'list']), ['aws', 'list'], {
      name: 'SettingNotValid',
      message:
        `The setting region in ${file} is "EU_WEST-1". Invalid region 'EU_WEST-1'. Use the name of an AWS region, for example eu-west-1. ` +
        'Set it with "recode config set region <value>", or remove it with "recode config unset region".',
    });
    expect(await config('set', 'region', 'eu-west-1')).toMatchObject({ code: 0 });
  });
});

it('starts a new environment with the instance type of the settings, and an existing one as it is', async () => {
  save({ 'instance-type': 't3.small' });
  const env = { AWS_ACCESS_KEY_ID: 'alice', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: aws.region, AWS_ENDPOINT_URL: aws.endpoint };
  const start = async (...args: string[]) => (await run(['aws', 'start', ...args, '--json'], env)).json;
  expect(await start('acme/api')).toMatchObject({ instanceType: 't3.small', created: true });
  save({ 'instance-type': 't3.large' });
  expect(await start('acme/api')).toMatchObject({ instanceType: 't3.small', created: false });
  expect(await start('acme/web', '--instance-type', 't3.micro')).toMatchObject({ instanceType: 't3.micro' });
}, 60_000);

it('lets the embedded AWS begin in the region of the settings, and stay there', async () => {
  save({ region: 'eu-west-3', profile: 'gone' });
  const local = async (...args: string[]) => (await run([...args, '--json'])).json;
  try {
    expect(await local('aws', 'whoami', '--local')).toMatchObject({ region: 'eu-west-3' });
    save({ region: 'eu-west-1' });
    expect(await local('aws', 'whoami', '--local')).toMatchObject({ region: 'eu-west-3' });
    await local('local', 'down');
    expect(await local('local', 'up')).toMatchObject({ region: 'eu-west-3' });
  } finally {
    await run(['local', 'reset', '--force']);
  }
}, 60_000);
