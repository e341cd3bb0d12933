import { accessSync, constants, statSync } from 'node:fs';
import { pathsOf } from './home.ts';

/**
 * The file that a program's name stands for, as a shell finds it on the PATH; undefined if there is none. Folders of the PATH that are not
 * absolute are left out: what they are depends on where a command runs.
 */
export function programPath(name: string, variables: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string | undefined {
  const windows = platform === 'win32';
  const { delimiter, isAbsolute, join } = pathsOf(platform);
  const folders = (variables.PATH ?? variables.Path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const endings = windows ? (variables.PATHEXT ?? '.COM;.EXE;.BAT;.CMD').split(';') : [''];
  return folders.flatMap((folder) => endings.map((ending) => join(folder, name + ending))).find((file) => isProgram(file, windows));
}

function isProgram(file: string, windows: boolean): boolean {
  try {
    accessSync(file, windows ? constants.F_OK : constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for this user.
    return false;
  }
}
