/** The instance does not support its user data. Its boot ends, and its console says why. */
export class BootRefused extends Error {
  override readonly name = 'BootRefused';
}

/** The files of cloud-init and the boot commands by absolute path, the folders, and the timers that run. */
export interface SystemFiles {
  readonly files: Map<string, string>;
  readonly folders: Set<string>;
  /** The names of their units. */
  readonly timers: Set<string>;
}

/** The part of the file system of an Ubuntu image that boot commands can see. */
export function freshSystem(files: Readonly<Record<string, string>>): SystemFiles {
  const system: SystemFiles = { files: new Map(Object.entries(files)), folders: new Set(['/']), timers: new Set() };
  for (const folder of ['/etc/ssh/sshd_config.d', '/etc/systemd/system', '/home', '/root', '/opt', '/usr/local/bin', '/var/log']) {
    makeFolder(system, folder);
  }
  mountVolatile(system);
  return system;
}

const volatile = ['/run', '/tmp'];

/** Whether a path is in a folder that is empty at each boot. */
export const isVolatile = (path: string): boolean => volatile.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** Adds the folders that are empty at each boot. systemd makes the one for units. */
export function mountVolatile(system: SystemFiles): void {
  for (const folder of [...volatile, '/run/systemd/system']) makeFolder(system, folder);
}

/** A copy of a system. */
export const copyOf = ({ files, folders, timers }: SystemFiles): SystemFiles => ({
  files: new Map(files),
  folders: new Set(folders),
  timers: new Set(timers),
});

/** Makes the files and folders those of another system. */
export function replaceContents(system: SystemFiles, { files, folders }: SystemFiles): void {
  system.files.clear();
  for (const [path, text] of files) system.files.set(path, text);
  system.folders.clear();
  for (const folder of folders) system.folders.add(folder);
}

/** Creates a folder with its parents. Throws `BootRefused` if a file is in the way. */
export function makeFolder(system: SystemFiles, path: string): void {
  for (let folder = path; folder !== '/'; folder = parentOf(folder)) {
    if (system.files.has(folder)) throw new BootRefused(`${folder} is a file, not a folder`);
    system.folders.add(folder);
  }
}

/** The folder of a file. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** An absolute path without `.`, `..` and double slashes. Throws `BootRefused` for a relative path. */
export function absolute(path: string): string {
  if (!path.startsWith('/')) throw new BootRefused(`the path ${path} is not absolute`);
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
