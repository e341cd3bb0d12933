import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type StorageTrouble, storageFailure } from '../src/storage.ts';

const directory = '/home/ada/local';

// The texts of strerror(3) in glibc. LevelDB adds them to the name of its file (util/env_posix.cc, PosixError).
it.each<[string, StorageTrouble, string]>([
  ['No space left on device', 'full', 'no space is left on the disk.'],
  ['Disk quota exceeded', 'full', 'your disk quota is used up.'],
  ['File too large', 'broken', 'a file would be larger than it may be.'],
  ['Input/output error', 'broken', 'the disk reports an error.'],
  ['Read-only file system', 'broken', 'its file system is read-only.'],
  ['No such file or directory', 'gone', 'a file of the database was deleted.'],
])('recognizes an error of LevelDB: %s', (text, trouble, reason) => {
  const cause = new Error(`IO error: ${directory}/state/dynamodb/000005.log: ${text}`);
  const message = `The embedded AWS could not write its state in ${directory}: ${reason}`;
  expect(storageFailure(new Error('Database failed to open', { cause }), directory)).toMatchObject({ trouble, message });
});

// According to full(4), every write to /dev/full fails with ENOSPC.
it('recognizes a full disk by the error of the system', () => {
  expect(
    storageFailure(
      thrownBy(() => writeFileSync('/dev/full', 'x')),
      directory,
    ),
  ).toMatchObject({ trouble: 'full' });
});

it('treats a missing file as deleted state only in the state directory', () => {
  const missing = (path: string) =>
    storageFailure(
      thrownBy(() => writeFileSync(path, 'x')),
      directory,
    );
  expect(missing(`${directory}/state/ec2.json.next`)).toMatchObject({ trouble: 'gone' });
  expect(missing(`${directory}-of-bob/state/ec2.json.next`)).toBeUndefined();
  expect(storageFailure(new Error('No space left on device'), directory)).toBeUndefined();
});

it('does not blame the disk if another process has the database open', () => {
  const cause = new Error(`IO error: lock ${directory}/state/dynamodb/LOCK: Resource temporarily unavailable`);
  expect(storageFailure(new Error('Database failed to open', { cause }), directory)).toBeUndefined();
});

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}
