import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { unzipSync } from 'fflate';

/**
 * Unpacks a function's zip into `directory`, once for each content, and returns the folder: what a sandbox has as its task root.
 * Throws when the zip cannot be read or names a file outside of itself.
 */
export function unpackCode(zipFile: string, directory: string): string {
  const zip = readFileSync(zipFile);
  const folder = join(directory, createHash('sha256').update(zip).digest('hex').slice(0, 32));
  if (existsSync(folder)) return folder;
  mkdirSync(directory, { recursive: true });
  // Unpacked beside and renamed: a kill in between never leaves half of a function behind.
  const unfinished = mkdtempSync(join(directory, 'unpacking-'));
  try {
    unpack(zipFile, zip, unfinished);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    throw error;
  }
  if (existsSync(folder)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, folder);
  return folder;
}

function unpack(zipFile: string, zip: Uint8Array, directory: string): void {
  for (const [name, content] of Object.entries(unzipSync(zip))) {
    const path = normalize(name);
    if (path.startsWith('..') || path.startsWith('/')) throw new Error(`The zip ${zipFile} names the file ${name} outside of itself.`);
    if (name.endsWith('/')) continue;
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
