import { readFileSync } from 'node:fs';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { keysNotReadable } from '../files/file-trouble.ts';
import { replaceFile } from '../files/replace-file.ts';

type Files = Pick<EnvironmentFolder, 'workspace'>;

/** Remembers where the repository of an environment is on an instance. Throws RecodeError KeysNotWritable. */
export function rememberFolder({ workspace }: Files, folder: string, instanceId: string): void {
  replaceFile(workspace, `${folder}\n${instanceId}\n`);
}

/** The folder that is remembered of an instance; null if there is none. Throws RecodeError KeysNotReadable. */
export function rememberedFolder({ workspace }: Files, instanceId: string): string | null {
  try {
    // An older version has not written down which instance it is.
    const [folder = '', rememberedOf = instanceId] = readFileSync(workspace, 'utf8').trim().split('\n');
    return rememberedOf === instanceId ? folder : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw keysNotReadable(workspace, error);
  }
}
