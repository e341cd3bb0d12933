import { readFileSync } from 'node:fs';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { keysNotReadable } from '../files/file-trouble.ts';
import { replaceFile } from '../files/replace-file.ts';

/** Remembers where the repository of an environment is on its instance. Throws RecodeError KeysNotWritable. */
export function rememberFolder({ workspace }: EnvironmentFolder, folder: string): void {
  replaceFile(workspace, `${folder}\n`);
}

/** The folder that is remembered; null if there is none. Throws RecodeError KeysNotReadable, KeysNotWritable. */
export function rememberedFolder({ workspace }: EnvironmentFolder): string | null {
  try {
    return readFileSync(workspace, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw keysNotReadable(workspace, error);
  }
}
