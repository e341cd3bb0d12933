import { describe, expect, it } from 'vitest';
import { type ChangeableInstance, decideChanges, refuseByRecord } from '../../core/changes.ts';
import type { Environment } from '../../core/environment.ts';
import type { InstanceType } from '../../core/instance-type.ts';
import { instance as recordedInstance, request } from '../functions/documents.ts';
import { recordOf } from '../functions/installed.ts';

const instance: ChangeableInstance = { instanceType: 't2.medium', architecture: 'x86_64', zone: 'us-east-1a', stopped: true, ena: true };
const larger: InstanceType = {
  ...{ name: 'm5.large', architecture: 'x86_64', zones: ['us-east-1a'] },
  ...{ nitro: true, bootModes: ['legacy-bios', 'uefi'] },
};
const decide = (given: object, shown: Partial<ChangeableInstance> = {}, type: Partial<InstanceType> = {}, changing = false) =>
  decideChanges('acme/api', { request, changing }, given, { ...instance, ...shown }, { ...larger, ...type });
const error = (name: string, message: unknown) => expect.objectContaining({ name, message });

describe('decideChanges', () => {
  it('changes nothing that is not given, or that is as it was', () => {
    const nothing = { volume: false, wanted: {} };
    expect(decide({})).toEqual(nothing);
    expect(decide({ allowCidrs: ['192.0.2.0/24'], autoStop: { kind: 'never' } })).toEqual(nothing);
    expect(decide({ volumeSize: 16, volumeType: 'gp2' })).toEqual(nothing);
    expect(decide({ instanceType: 't2.medium' })).toEqual({ volume: false, wanted: { instanceType: 't2.medium' } });
  });

  it.each([{ volumeSize: 17 }, { volumeType: 'gp3' }, { volumeSize: 40, volumeType: 'gp3' }])('changes the volume: %j', (given) => {
    const { volumeSize, volumeType } = request;
    const changes = { volume: true, wanted: { volumeSize, volumeType, ...given } };
    expect(decide(given)).toEqual(changes);
    expect(decide(given, { stopped: false })).toEqual(changes);
  });

  it('refuses a smaller volume with both values', () => {
    expect(() => decide({ volumeSize: 15 })).toThrow(
      error('VolumeCannotShrink', 'The volume of acme/api has 16 GiB. It cannot shrink to 15 GiB.'),
    );
  });

  it('changes the type of a stopped instance', () => {
    const type = { from: 't2.medium', to: 'm5.large' };
    expect(decide({ instanceType: 'm5.large' })).toEqual({ volume: false, type, wanted: { instanceType: 'm5.large' } });
  });

  it('refuses another type while the instance runs, with both', () => {
    expect(() => decide({ instanceType: 'm5.large' }, { stopped: false })).toThrow(
      error('InstanceNotStopped', 'acme/api runs as a t2.medium. It can become a m5.large only while it is stopped.'),
    );
    expect(decide({ instanceType: 't2.medium' }, { stopped: false })).toMatchObject({ volume: false });
  });

  it.each([
    [{}, { architecture: 'arm64' }, 'ArchitectureDiffers', 'acme/api is a t2.medium with amd64. m5.large has arm64.'],
    [{ zone: 'us-east-1e' }, {}, 'InstanceTypeNotFound', 'm5.large is not available in us-east-1e, where the disk of acme/api is.'],
    [{ ena: false }, {}, 'InstanceTypeNotSupported', expect.stringContaining('Elastic Network Adapter')],
    [{ bootMode: 'uefi' }, { bootModes: ['legacy-bios'] }, 'InstanceTypeNotSupported', expect.stringContaining('boots with uefi only')],
  ] as const)('refuses a type that does not fit: %j becomes %j', (shown, type, name, message) => {
    expect(() => decide({ instanceType: 'm5.large' }, shown, type as Partial<InstanceType>)).toThrow(error(name, message));
  });

  it('takes a type without Nitro for an image without ENA', () => {
    expect(decide({ instanceType: 'm5.large' }, { ena: false }, { nitro: false })).toMatchObject({ type: { to: 'm5.large' } });
  });
});

describe('decideChanges after an unfinished change', () => {
  const unfinished = { ...request, instanceType: 'm5.large', volumeSize: 40 };
  const finish = (given: object, shown: Partial<ChangeableInstance> = {}) =>
    decideChanges('acme/api', { request: unfinished, changing: true }, given, { ...instance, ...shown }, larger);

  it('finishes what was given', () => {
    expect(finish({})).toEqual({ volume: true, type: { from: 't2.medium', to: 'm5.large' }, wanted: { instanceType: 'm5.large' } });
    expect(finish({}, { instanceType: 'm5.large' })).toEqual({ volume: true, wanted: { instanceType: 'm5.large' } });
  });

  it('does what is given now instead', () => {
    expect(finish({ instanceType: 't2.medium', volumeSize: 16 })).toEqual({
      volume: true,
      wanted: { instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2' },
    });
  });

  it('drops the type of an instance that runs by now', () => {
    expect(finish({}, { stopped: false })).toEqual({ volume: true, wanted: { instanceType: 't2.medium' } });
  });
});

describe('refuseByRecord', () => {
  const { publicKey } = request;
  const existing = (fields: Partial<Environment> = {}) => ({ ...recordOf({ name: 'acme-api', instance: recordedInstance }), ...fields });

  it('takes what may change', () => {
    refuseByRecord(existing(), { publicKey });
    refuseByRecord(existing(), { publicKey, instanceType: 't2.medium', volumeSize: 40, volumeType: 'gp3', allowCidrs: ['192.0.2.0/24'] });
    refuseByRecord(recordOf({ instance: recordedInstance, state: 'stopped' }), { publicKey, instanceType: 'm5.large' });
  });

  it('refuses a smaller volume, unless nobody knows how large it is', () => {
    expect(() => refuseByRecord(existing(), { volumeSize: 8 })).toThrow(expect.objectContaining({ name: 'VolumeCannotShrink' }));
    refuseByRecord(existing({ changing: true }), { volumeSize: 8 });
  });

  it('refuses another type while it runs', () => {
    expect(() => refuseByRecord(existing(), { instanceType: 'm5.large' })).toThrow(expect.objectContaining({ name: 'InstanceNotStopped' }));
  });

  it('takes a key that was added, and no other', () => {
    const moreKeys = [{ publicKey: 'ssh-ed25519 CCCC laptop', addedAt: '2026-01-01T00:00:00.000Z' }];
    const { wanted } = existing();
    refuseByRecord(existing({ wanted: { ...wanted, moreKeys } }), { publicKey: 'ssh-ed25519 CCCC' });
    expect(() => refuseByRecord(existing(), { publicKey: 'ssh-ed25519 CCCC' })).toThrow(
      expect.objectContaining({ name: 'PrivateKeyNotHere' }),
    );
  });
});
