import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseStart, type StartFlags } from '../../../../../cli/commands/aws/start/request.ts';
import { localTimeZone } from '../../../../../cli/stop-time.ts';
import type { ErrorName } from '../../../../../core/errors.ts';

/** What commander hands over where nothing was given. */
const none: StartFlags = { wait: true, open: true, clone: true, hooks: true };
afterEach(() => {
  vi.restoreAllMocks();
});

const parse = (flags: Partial<StartFlags>) => parseStart('acme/api', { ...none, ...flags }, {});

describe('parseStart', () => {
  it('leaves out what was not given', () => {
    expect(parse({})).toEqual({
      repository: 'acme/api',
      account: { local: false },
      force: false,
      wait: true,
      allowMine: false,
      newInstance: false,
      open: true,
      workspace: { clone: true, hooks: true },
      request: {},
    });
  });

  it('reads every option', () => {
    const flags: StartFlags = {
      instanceType: 'm6g.large',
      volumeSize: '64',
      volumeType: 'gp3',
      allowCidr: ['203.0.113.7/32'],
      autoStop: '20:00',
      timeZone: 'Europe/Paris',
      owner: 'bob',
      force: true,
      wait: false,
      newInstance: true,
      open: false,
      profile: 'team',
      region: 'eu-west-1',
      clone: false,
      hooks: false,
    };
    expect(parse(flags)).toEqual({
      repository: 'acme/api',
      owner: 'bob',
      force: true,
      wait: false,
      account: { local: false, profile: 'team', region: 'eu-west-1' },
      allowMine: false,
      newInstance: true,
      open: false,
      workspace: { clone: false, hooks: false },
      request: {
        instanceType: 'm6g.large',
        volumeSize: 64,
        volumeType: 'gp3',
        allowCidrs: ['203.0.113.7/32'],
        autoStop: { kind: 'daily', time: '20:00', timeZone: 'Europe/Paris' },
      },
    });
  });

  it('sends each CIDR block once, in its canonical form', () => {
    const { request } = parse({ allowCidr: ['10.1.2.3/8', '192.0.2.1/32', '10.0.0.0/8'] });
    expect(request.allowCidrs).toEqual(['10.0.0.0/8', '192.0.2.1/32']);
  });

  it('takes "mine" alone and beside blocks, and leaves its address to be looked up', () => {
    expect(parse({ allowCidr: ['mine'] })).toMatchObject({ allowMine: true, request: { allowCidrs: [] } });
    expect(parse({ allowCidr: ['10.0.0.0/8', 'mine', 'mine'] })).toMatchObject({
      allowMine: true,
      request: { allowCidrs: ['10.0.0.0/8'] },
    });
  });

  // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: 60 inbound rules per security group
  it('takes as many blocks as a security group has room for', () => {
    const blocks = Array.from({ length: 60 }, (_, index) => `10.0.${index}.0/24`);
    expect(parse({ allowCidr: blocks }).request.allowCidrs).toEqual(blocks);
    expect(() => parse({ allowCidr: [...blocks, 'mine'] })).toThrow(expect.objectContaining({ name: 'UsageNotValid' }));
  });

  it.each([
    ['8h', { kind: 'after', minutes: 480 }],
    ['never', { kind: 'never' }],
    ['20:00', { kind: 'daily', time: '20:00', timeZone: localTimeZone() }],
    ['20:00 Asia/Tokyo', { kind: 'daily', time: '20:00', timeZone: 'Asia/Tokyo' }],
  ])('reads when to stop, a time of day on the clock of this machine: %s', (autoStop, expected) => {
    expect(parse({ autoStop }).request).toEqual({ autoStop: expected });
  });

  it('asks for the time zone where this machine has none that is known', () => {
    vi.spyOn(Intl.DateTimeFormat.prototype, 'resolvedOptions').mockReturnValue({} as Intl.ResolvedDateTimeFormatOptions);
    expect(() => parse({ autoStop: '20:00' })).toThrow(expect.objectContaining({ name: 'AutoStopNotValid' }));
    expect(parse({ autoStop: '20:00', timeZone: 'UTC' }).request).toEqual({ autoStop: { kind: 'daily', time: '20:00', timeZone: 'UTC' } });
    expect(parse({ autoStop: '8h' }).request).toEqual({ autoStop: { kind: 'after', minutes: 480 } });
  });

  it.each<[ErrorName, Partial<StartFlags>]>([
    ['InstanceTypeNotValid', { instanceType: 'large' }],
    ['InstanceTypeNotValid', { instanceType: 'T2.Medium' }],
    ['VolumeSizeNotValid', { volumeSize: '7' }],
    ['VolumeSizeNotValid', { volumeSize: '16385' }],
    ['VolumeSizeNotValid', { volumeSize: '16.5' }],
    ['VolumeSizeNotValid', { volumeSize: '0x20' }],
    ['VolumeSizeNotValid', { volumeSize: '' }],
    ['CidrNotValid', { allowCidr: ['10.0.0.0/33'] }],
    ['CidrNotValid', { allowCidr: ['10.0.0.0/8', '::/0'] }],
    ['CidrNotValid', { allowCidr: ['10.0.0.0'] }],
    ['UsageNotValid', { volumeType: 'io1' }],
    ['UsageNotValid', { region: '' }],
    ['UsageNotValid', { owner: '' }],
    ['AutoStopNotValid', { autoStop: '' }],
    ['AutoStopNotValid', { autoStop: '8pm' }],
    ['IdleStopNotValid', { idleStop: '14m' }],
    ['AutoStopNotValid', { autoStop: '20:00', timeZone: 'Paris' }],
    ['UsageNotValid', { timeZone: 'Europe/Paris' }],
    ['UsageNotValid', { autoStop: '8h', timeZone: 'Europe/Paris' }],
    ['UsageNotValid', { autoStop: 'never', timeZone: 'Europe/Paris' }],
    ['UsageNotValid', { autoStop: '20:00 UTC', timeZone: 'Europe/Paris' }],
  ])('refuses with %s: %o', (name, flags) => {
    expect(() => parse(flags)).toThrow(expect.objectContaining({ name }));
  });
});
