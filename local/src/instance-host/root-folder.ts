import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '../store.ts';
import type { KernelView } from './kernel-view.ts';
import { makeFolder, parentOf, type SystemFiles } from './system-files.ts';

/** A folder with an instance's files, for programs that take it for `/`. It stays between their runs, so that a run only writes what differs. */
export interface RootFolder {
  readonly folder: string;
  /** Lays out the files as they are now. */
  layOut(system: SystemFiles, kernel: KernelView): void;
  /**
   * Takes over what a program has changed in the folder. What somebody else has changed meanwhile stays as it is.
   *
   * @param laidOut the files as they were laid out
   */
  takeOver(laidOut: SystemFiles, system: SystemFiles): void;
}

/** What is in the folder, by paths of the instance. */
interface Present {
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
  /** Whatever else there is: what the kernel shows, and links. */
  readonly others: ReadonlyMap<string, 'file' | 'folder' | 'other'>;
}

const ofKernel = ['dev', 'proc', 'sys'];

/** Opens a folder. What an earlier process has left in it goes. */
export function openRootFolder(folder: string): RootFolder {
  let present: Present | undefined;
  const remove = (path: string) => rmSync(join(folder, path), { recursive: true, force: true });

  return {
    folder,
    layOut({ files, folders }, kernel) {
      if (!present) {
        rmSync(folder, { recursive: true, force: true });
        ensureFolder(folder, 0o700);
      }
      const { files: knownFiles, folders: knownFolders, others } = present ?? nothing;
      const needed = new Set([
        ...folders,
        ...ofKernel.map((name) => `/${name}`),
        ...parentsOf(files),
        ...parentsOf(kernel.files),
        ...parentsOf(kernel.links),
      ]);
      for (const path of knownFiles.keys()) if (!files.has(path)) remove(path);
      for (const path of knownFolders) if (!needed.has(path)) remove(path);
      for (const [path, kind] of others) {
        if (kind === 'file' ? !kernel.files.has(path) : kind === 'other' || !needed.has(path)) remove(path);
      }
      for (const path of needed)
        if (!knownFolders.has(path) && others.get(path) !== 'folder') mkdirSync(join(folder, path), { recursive: true });
      for (const [path, text] of files) if (knownFiles.get(path) !== text) writeFileSync(join(folder, path), text);
      for (const [path, text] of kernel.files) writeFileSync(join(folder, path), text);
      for (const [path, target] of kernel.links) symlinkSync(target, join(folder, path));
    },
    takeOver(laidOut, system) {
      const files = new Map<string, string>();
      const folders = new Set(['/']);
      const others = new Map<string, 'file' | 'folder' | 'other'>();
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name).slice(folder.length);
        const kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';
        if (kind === 'other' || ofKernel.includes(path.split('/')[1] ?? '')) others.set(path, kind);
        else if (kind === 'folder') folders.add(path);
        else files.set(path, readFileSync(join(folder, path), 'utf8'));
      }
      present = { files, folders, others };
      for (const path of folders) if (path !== '/') makeFolder(system, path);
      for (const path of new Set([...files.keys(), ...laidOut.files.keys()])) {
        const [before, after] = [laidOut.files.get(path), files.get(path)];
        if (before === after || system.files.get(path) !== before) continue;
        if (after === undefined) system.files.delete(path);
        else {
          makeFolder(system, parentOf(path));
          system.files.set(path, after);
        }
      }
    },
  };
}

const nothing: Present = { files: new Map(), folders: new Set(), others: new Map() };

/** The folders in which they are, with those above. */
function* parentsOf(paths: ReadonlyMap<string, string>): Generator<string> {
  for (const path of paths.keys()) for (let above = parentOf(path); above !== '/'; above = parentOf(above)) yield above;
}
