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

interface Kind {
  /** The variable of the XDG specification, and the folder in the home folder without it. */
  readonly xdg: string;
  readonly folder: readonly string[];
  /** The same on Windows. */
  readonly windows: string;
  readonly windowsFolder: readonly string[];
}

/**
 * The folder for the data of all programs, as `gh` finds it: $XDG_DATA_HOME, on Windows %LOCALAPPDATA%, else ~/.local/share, on macOS too.
 * Relative paths are ignored, as the XDG specification wants it.
 *
 * @throws RecodeError NoHome
 */
export function dataFolder(variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  return folderOf(data, variables, system);
}

/**
 * The folder for the settings of all programs, by the same rules: $XDG_CONFIG_HOME, on Windows %APPDATA%, else ~/.config.
 *
 * @throws RecodeError NoHome
 */
export function configFolder(variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  return folderOf(config, variables, system);
}

/**
 * The folder for what programs can find out again, by the same rules: $XDG_CACHE_HOME, on Windows %LOCALAPPDATA%, else ~/.cache.
 *
 * @throws RecodeError NoHome
 */
export function cacheFolder(variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  return folderOf(cache, variables, system);
}

const data: Kind = {
  xdg: 'XDG_DATA_HOME',
  folder: ['.local', 'share'],
  windows: 'LOCALAPPDATA',
  windowsFolder: ['AppData', 'Local'],
};
const config: Kind = { xdg: 'XDG_CONFIG_HOME', folder: ['.config'], windows: 'APPDATA', windowsFolder: ['AppData', 'Roaming'] };
const cache: Kind = { xdg: 'XDG_CACHE_HOME', folder: ['.cache'], windows: 'LOCALAPPDATA', windowsFolder: ['AppData', 'Local'] };

function folderOf(kind: Kind, variables: NodeJS.ProcessEnv, { platform, home }: System): string {
  const windows = platform === 'win32';
  const { isAbsolute, join } = pathsOf(platform);
  const { [kind.xdg]: xdg = '', [kind.windows]: local = '', HOME: named = '' } = variables;
  if (isAbsolute(xdg)) return xdg;
  if (windows && isAbsolute(local)) return local;
  const folder = !windows && isAbsolute(named) ? named : home();
  if (folder !== undefined && isAbsolute(folder)) return join(folder, ...(windows ? kind.windowsFolder : kind.folder));
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
