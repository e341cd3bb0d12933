import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { keysNotReadable, keysNotWritable } from '../files/file-trouble.ts';
import { replaceFile } from '../files/replace-file.ts';

/**
 * Remembers on this machine an execution that nobody waits for: it may be followed before it holds the environment, and after it has ended.
 *
 * @throws RecodeError KeysNotWritable
 */
export function rememberExecution({ execution }: EnvironmentFolder, executionArn: string): void {
  replaceFile(execution, `${executionArn}\n`);
}

/** The execution that is remembered for an environment, if there is one. Throws RecodeError KeysNotWritable. */
export function rememberedExecution({ execution }: EnvironmentFolder): string | undefined {
  try {
    return readFileSync(execution, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw keysNotReadable(execution, error);
  }
}

/** Forgets it, because it has been followed, or a later one is. Throws RecodeError KeysNotWritable. */
export function forgetExecution({ execution }: EnvironmentFolder): void {
  try {
    rmSync(execution, { force: true });
  } catch (error) {
    // What a folder that nobody may look into has is not remembered either.
    if (existsSync(execution)) throw keysNotWritable(execution, 'deleted', error);
  }
}
