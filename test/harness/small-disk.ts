import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system of a test's own. */
export interface SmallDisk extends Disposable {
  /** Where it is mounted. */
  readonly folder: string;
  /** Fills all that is free on it. */
  fill(): void;
  /** Deletes what has filled it. */
  free(): void;
}

/**
 * Mounts an empty file system in the memory, which only root can do. Throws if it cannot be mounted.
 *
 * @param over the folder that it hides; one of its own by default
 */
export function smallDisk({ kibibytes, over }: { readonly kibibytes: number; readonly over?: string }): SmallDisk {
  const folder = over ?? mkdtempSync(join(tmpdir(), 'recode-disk-'));
  const removeFolder = () => {
    if (over === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    removeFolder();
    throw error;
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => execFileSync('sh', ['-c', `cat /dev/zero >'${filler}' || :`], { stdio: 'ignore' }),
    free: () => rmSync(filler),
    [Symbol.dispose]() {
      execFileSync('umount', ['--lazy', folder]);
      removeFolder();
    },
  };
}

/** Why no such file system can be mounted here, for the names of tests; undefined if one can. */
export function mountTrouble(): string | undefined {
  try {
    smallDisk({ kibibytes: 16 })[Symbol.dispose]();
    return undefined;
  } catch {
    return 'this user cannot mount a file system';
  }
}
