import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import AdmZip from 'adm-zip';
import { ensureFolder } from '../store.ts';

/**
 * Unpacks the zip of a function into a folder in `directory`, once per content. Returns the folder, the task root of a sandbox.
 * Throws if the zip is invalid or has a file outside itself.
 */
export function unpackCode(zipFile: string, directory: string): string {
  const zip = readFileSync(zipFile);
  const folder = join(directory, createHash('sha256').update(zip).digest('hex').slice(0, 32));
  if (existsSync(folder)) return folder;
  ensureFolder(directory);
  // Renamed at the end, so that a kill never leaves half of a function.
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

function unpack(zipFile: string, zip: Buffer, directory: string): void {
  for (const entry of new AdmZip(zip).getEntries()) {
    const name = entry.entryName;
    const path = normalize(name);
    if (path.startsWith('..') || path.startsWith('/')) throw new Error(`The zip ${zipFile} has the file ${name} outside itself.`);
    if (entry.isDirectory) continue;
    const file = join(directory, path);
    if (dirname(path) !== '.') mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, entry.getData());
  }
}
