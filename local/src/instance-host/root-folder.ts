import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureFolder } from '../store.ts';
import type { KernelView } from './kernel-view.ts';
import { makeFolder, parentOf, type SystemFiles } from './system-files.ts';

const ofKernel = ['dev', 'proc', 'sys'];

/** Lays out an instance's files in a folder, for a program that takes it for `/`. */
export function layOut(folder: string, { files, folders }: SystemFiles, kernel: KernelView): void {
  rmSync(folder, { recursive: true, force: true });
  ensureFolder(folder, 0o700);
  for (const path of [...folders, ...ofKernel.map((name) => `/${name}`)]) mkdirSync(join(folder, path), { recursive: true });
  const place = (path: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    return join(folder, path);
  };
  for (const [path, text] of [...files, ...kernel.files]) writeFileSync(place(path), text);
  for (const [path, target] of kernel.links) symlinkSync(target, place(path));
}

/**
 * Takes over what a program has changed in the folder. What somebody else has changed meanwhile stays as it is.
 *
 * @param laidOut the files as they were laid out
 */
export function takeOver(folder: string, laidOut: SystemFiles, system: SystemFiles): void {
  const now = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length);
    if (ofKernel.includes(path.split('/')[1] ?? '')) continue;
    if (entry.isDirectory()) makeFolder(system, path);
    else if (entry.isFile()) now.set(path, readFileSync(join(folder, path), 'utf8'));
  }
  for (const path of new Set([...now.keys(), ...laidOut.files.keys()])) {
    const [before, after] = [laidOut.files.get(path), now.get(path)];
    if (before === after || system.files.get(path) !== before) continue;
    if (after === undefined) system.files.delete(path);
    else {
      makeFolder(system, parentOf(path));
      system.files.set(path, after);
    }
  }
}
