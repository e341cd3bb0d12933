import { describe, expect, it } from 'vitest';
import { parseStart, type StartFlags } from '../../../../../cli/commands/aws/start/request.ts';
import type { ErrorName } from '../../../../../core/errors.ts';

/** What commander hands over where nothing was given. */
const none: StartFlags = { wait: true };
const parse = (flags: Partial<StartFlags>) => parseStart('acme/api', { ...none, ...flags }, {});

describe('parseStart', () => {
  it('leaves out what was not given', () => {
    expect(parse({})).toEqual({ repository: 'acme/api', account: { local: false }, force: false, wait: true, request: {} });
  });

  it('reads every option', () => {
    const flags: StartFlags = {
      instanceType: 'm6g.large',
      volumeSize: '64',
      volumeType: 'gp3',
      allowCidr: ['203.0.113.7'],
      owner: 'bob',
      force: true,
      wait: false,
      profile: 'team',
      region: 'eu-west-1',
    };
    expect(parse(flags)).toEqual({
      repository: 'acme/api',
      owner: 'bob',
      force: true,
      wait: false,
      account: { local: false, profile: 'team', region: 'eu-west-1' },
      request: { instanceType: 'm6g.large', volumeSize: 64, volumeType: 'gp3', allowCidrs: ['203.0.113.7/32'] },
    });
  });

  it('sends each CIDR block once, in its canonical form', () => {
    const { request } = parse({ allowCidr: ['10.1.2.3/8', '192.0.2.1', '10.0.0.0/8'] });
    expect(request.allowCidrs).toEqual(['10.0.0.0/8', '192.0.2.1/32']);
  });

  it.each<[ErrorName, Partial<StartFlags>]>([
    ['InstanceTypeNotFound', { instanceType: 'large' }],
    ['InstanceTypeNotFound', { instanceType: 'T2.Medium' }],
    ['VolumeSizeNotValid', { volumeSize: '7' }],
    ['VolumeSizeNotValid', { volumeSize: '16385' }],
    ['VolumeSizeNotValid', { volumeSize: '16.5' }],
    ['VolumeSizeNotValid', { volumeSize: '0x20' }],
    ['VolumeSizeNotValid', { volumeSize: '' }],
    ['CidrNotValid', { allowCidr: ['10.0.0.0/33'] }],
    ['CidrNotValid', { allowCidr: ['10.0.0.0/8', '::/0'] }],
    ['UsageNotValid', { region: '' }],
    ['UsageNotValid', { owner: '' }],
  ])('refuses with %s: %o', (name, flags) => {
    expect(() => parse(flags)).toThrow(expect.objectContaining({ name }));
  });
});
