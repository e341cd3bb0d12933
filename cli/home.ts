import { userInfo } from 'node:os';
import { type PlatformPath, posix, win32 } from 'node:path';
import { RecodeError } from '../core/errors.ts';

/** What the operating system decides. */
export interface System {
  readonly platform: NodeJS.Platform;
  /** The home folder that the system's list of users has for this user; undefined for one whom it does not have. */
  home(): string | undefined;
}

export const thisSystem: System = { platform: process.platform, home: homeOfUser };

/**
 * The folder for the data of all programs, as `gh` finds it: $XDG_DATA_HOME, on Windows %LOCALAPPDATA%, else ~/.local/share, on macOS too.
 * Relative paths are ignored, as the XDG specification wants it.
 *
 * @throws RecodeError NoHome
 */
export function dataFolder(environment: NodeJS.ProcessEnv, { platform, home }: System = thisSystem): string {
  const windows = platform === 'win32';
  const { isAbsolute, join } = pathsOf(platform);
  const { XDG_DATA_HOME: xdg = '', LOCALAPPDATA: local = '', HOME: named = '' } = environment;
  if (isAbsolute(xdg)) return xdg;
  if (windows && isAbsolute(local)) return local;
  const folder = !windows && isAbsolute(named) ? named : home();
  if (folder !== undefined && isAbsolute(folder)) return join(folder, ...(windows ? ['AppData', 'Local'] : ['.local', 'share']));
  const problem = named === '' ? 'HOME is not set' : `HOME is "${named}", which is not an absolute path`;
  throw new RecodeError('NoHome', `${problem}, and the system knows no home folder for this user.`);
}

/** How an operating system writes paths. */
export function pathsOf(platform: NodeJS.Platform): PlatformPath {
  return platform === 'win32' ? win32 : posix;
}

function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir;
  } catch (error) {
    // A container may run as a user ID that the system has no user for.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return undefined;
  }
}
