import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the installed package: the nearest one above this program with a package.json. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error(`There is no package.json above ${import.meta.dirname}.`);
    folder = dirname(folder);
  }
  return folder;
}

/**
 * What is built: its version, which package.json is ahead of between a `git pull` and an `npm ci`, and a digest of all that it is made
 * from.
 */
export function builtPackage(): { readonly version: string; readonly build: string } {
  return JSON.parse(readFileSync(join(packageRoot(), 'dist', 'build.json'), 'utf8')) as { version: string; build: string };
}
