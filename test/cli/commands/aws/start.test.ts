import { describe, expect, it } from 'vitest';
import { startCommand } from '../../../../cli/commands/aws/start.ts';
import { parseStart, type StartOptions } from '../../../../cli/commands/aws/start-request.ts';
import type { ErrorName } from '../../../../core/errors.ts';
import { collectedOutput } from '../../collect.ts';

const parse = (options: StartOptions = {}, environment: NodeJS.ProcessEnv = {}) => parseStart('acme/api', options, environment);

describe('parseStart', () => {
  it('leaves out what was not given', () => {
    expect(parse()).toEqual({ repository: 'acme/api', account: { local: false }, request: {} });
  });

  it('reads every option', () => {
    const options: StartOptions = {
      instanceType: 'm6g.large',
      volumeSize: '64',
      volumeType: 'gp3',
      allowCidr: ['203.0.113.7'],
      profile: 'team',
      region: 'eu-west-1',
    };
    expect(parse(options)).toEqual({
      repository: 'acme/api',
      account: { local: false, profile: 'team', region: 'eu-west-1' },
      request: { instanceType: 'm6g.large', volumeSize: 64, volumeType: 'gp3', allowCidrs: ['203.0.113.7/32'] },
    });
  });

  it('sends each CIDR block once, in its canonical form', () => {
    const { request } = parse({ allowCidr: ['10.1.2.3/8', '192.0.2.1', '10.0.0.0/8'] });
    expect(request.allowCidrs).toEqual(['10.0.0.0/8', '192.0.2.1/32']);
  });

  it('takes RECODE_LOCAL=1 for --local', () => {
    expect(parse({}, { RECODE_LOCAL: '1' }).account.local).toBe(true);
    expect(parse({}, { RECODE_LOCAL: '0' }).account.local).toBe(false);
    expect(parse({ local: true }).account.local).toBe(true);
  });

  it.each<[ErrorName, string, StartOptions]>([
    ['RepositoryNotValid', 'api', {}],
    ['RepositoryNotValid', 'https://github.com/acme/api', {}],
    ['RepositoryNotValid', '-acme/api', {}],
    ['InstanceTypeNotFound', 'acme/api', { instanceType: 'large' }],
    ['InstanceTypeNotFound', 'acme/api', { instanceType: 'T2.Medium' }],
    ['VolumeSizeNotValid', 'acme/api', { volumeSize: '7' }],
    ['VolumeSizeNotValid', 'acme/api', { volumeSize: '16385' }],
    ['VolumeSizeNotValid', 'acme/api', { volumeSize: '16.5' }],
    ['VolumeSizeNotValid', 'acme/api', { volumeSize: '0x20' }],
    ['VolumeSizeNotValid', 'acme/api', { volumeSize: '' }],
    ['CidrNotValid', 'acme/api', { allowCidr: ['10.0.0.0/33'] }],
    ['CidrNotValid', 'acme/api', { allowCidr: ['10.0.0.0/8', '::/0'] }],
    ['UsageNotValid', 'acme/api', { region: '../us-east-1' }],
    ['UsageNotValid', 'acme/api', { region: '' }],
  ])('refuses with %s: %s %o', (name, repository, options) => {
    expect(() => parseStart(repository, options, {})).toThrow(expect.objectContaining({ name }));
  });

  it('refuses a profile where RECODE_LOCAL=1 chooses the embedded AWS', () => {
    expect(() => parse({ profile: 'team' }, { RECODE_LOCAL: '1' })).toThrow(expect.objectContaining({ name: 'UsageNotValid' }));
  });
});

describe('startCommand', () => {
  it.each([
    [['acme/api', '--volume-type', 'io1'], 'Allowed choices are gp2, gp3'],
    [['acme/api', '--local', '--profile', 'team'], "cannot be used with option '--profile"],
    [['acme/api', 'acme/web'], 'too many arguments'],
    [[], "missing required argument 'repository'"],
    [['acme/api', '--instance-typ', 'm5.large'], 'Did you mean --instance-type?'],
  ])('refuses %j', async (argv, message) => {
    const command = startCommand(collectedOutput().output)
      .exitOverride()
      .configureOutput({ outputError: () => {} });
    await expect(command.parseAsync(argv, { from: 'user' })).rejects.toThrow(message);
  });
});
