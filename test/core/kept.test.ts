import { expect, it } from 'vitest';
import { isOver, keptDiskOf, keptUntil, parseKeep } from '../../core/kept.ts';

it.each([
  ['1d', 1],
  ['30d', 30],
  ['365d', 365],
])('reads %s', (text, days) => {
  expect(parseKeep(text)).toBe(days);
});

it.each(['', '0d', '30', '366d', '1.5d', '-1d', '2w', '030d', '30 d'])('refuses "%s", and names what it takes', (text) => {
  expect(() => parseKeep(text)).toThrow(expect.objectContaining({ name: 'KeepNotValid', message: expect.stringContaining('1d to 365d') }));
});

it('counts the days from the beginning of the removal', () => {
  expect(keptUntil('2026-02-28T10:00:00Z', 2)).toBe('2026-03-02T10:00:00.000Z');
});

const Tags = [
  { Key: 'recode:managed-by', Value: 'recode' },
  { Key: 'recode:environment', Value: 'acme-api' },
  { Key: 'recode:owner', Value: 'Doe/Jane' },
  { Key: 'recode:repository', Value: 'acme/api' },
  { Key: 'recode:kept-until', Value: '2026-03-02T10:00:00.000Z' },
  { Key: 'recode:instance-type', Value: 't3.large' },
  { Key: 'recode:volume-type', Value: 'gp3' },
];

it('reads a kept disk from the tags of its snapshot', () => {
  const StartTime = new Date('2026-01-01T00:00:00Z');
  expect(keptDiskOf({ SnapshotId: 'snap-1', State: 'pending', StartTime, VolumeSize: 16, FullSnapshotSizeInBytes: 5, Tags })).toEqual({
    owner: 'Doe,Jane',
    repository: 'acme/api',
    name: 'acme-api',
    snapshotId: 'snap-1',
    completed: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    keptUntil: '2026-03-02T10:00:00.000Z',
    volumeSize: 16,
    volumeType: 'gp3',
    instanceType: 't3.large',
    bytes: 5,
  });
});

it.each(Tags.slice(0, 5).map(({ Key }) => Key))('ignores a snapshot without the tag %s', (missing) => {
  expect(keptDiskOf({ SnapshotId: 'snap-1', VolumeSize: 16, Tags: Tags.filter(({ Key }) => Key !== missing) })).toBeUndefined();
});

it('is over from its time on, and never without one', () => {
  const at = Date.parse('2026-03-02T10:00:00.000Z');
  expect([isOver(Tags, at - 1), isOver(Tags, at), isOver([], at), isOver(undefined, at)]).toEqual([false, true, false, false]);
  expect(isOver([{ Key: 'recode:kept-until', Value: 'soon' }], at)).toBe(false);
});
