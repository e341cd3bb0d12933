import { existsSync, rmSync } from 'node:fs';
import { cp, lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageFailure } from '../storage.ts';
import { ensureFolder } from '../store.ts';

/** The snapshots of instances, each with a copy of the files of one. */
interface Snapshots {
  take(instanceId: string, snapshotId: string): Promise<number>;
  restore(snapshotId: string, instanceId: string): Promise<void>;
  discard(snapshotId: string): void;
}

/** What a root volume has: the home folders, and the rest in `disk.json`. The host's own files about an instance are not on it. */
const parts = ['home', 'disk.json'];

/** "A block index is a logical index in units of 512 KiB blocks": https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-elements.html */
const blockBytes = 512 * 1024;

/** Snapshots in a state directory, of the instances in these folders. */
export function createSnapshots(stateDirectory: string, instanceFolder: (instanceId: string) => string): Snapshots {
  const folders = join(stateDirectory, 'snapshots');
  const folderOf = (snapshotId: string) => join(folders, snapshotId);
  const keeping = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw storageFailure(error, stateDirectory) ?? error;
    });

  async function take(instanceId: string, snapshotId: string): Promise<number> {
    ensureFolder(folders, 0o700);
    const next = `${folderOf(snapshotId)}.next`;
    await rm(next, { recursive: true, force: true });
    ensureFolder(next, 0o700);
    for (const part of parts) await copy(join(instanceFolder(instanceId), part), join(next, part));
    const bytes = await bytesIn(next);
    await rm(folderOf(snapshotId), { recursive: true, force: true });
    await rename(next, folderOf(snapshotId));
    return Math.max(1, Math.ceil(bytes / blockBytes)) * blockBytes;
  }

  async function restore(snapshotId: string, instanceId: string): Promise<void> {
    const folder = instanceFolder(instanceId);
    ensureFolder(folder, 0o700);
    for (const part of parts) {
      const next = join(folder, `${part}.next`);
      await rm(next, { recursive: true, force: true });
      await rm(join(folder, part), { recursive: true, force: true });
      await copy(join(folderOf(snapshotId), part), next);
      if (existsSync(next)) await rename(next, join(folder, part));
    }
  }

  return {
    take: (instanceId, snapshotId) => keeping(take(instanceId, snapshotId)),
    restore: (snapshotId, instanceId) => keeping(restore(snapshotId, instanceId)),
    discard: (snapshotId) => rmSync(folderOf(snapshotId), { recursive: true, force: true }),
  };
}

/** Copies a file or a folder, if it exists, with links and times as they are. Sockets and pipes of programs that have ended stay behind. */
async function copy(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  const kept = async (path: string) => {
    const file = await lstat(path);
    return file.isFile() || file.isDirectory() || file.isSymbolicLink();
  };
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter: kept });
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((entry) => entry.isFile()).map(async (entry) => (await lstat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
