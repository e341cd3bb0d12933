import * as v from 'valibot';
import { isVolatile, mountVolatile, type SystemFiles } from './system-files.ts';

export const InstanceUser = v.strictObject({
  name: v.string(),
  shell: v.string(),
  /** Whether `sudo` makes them root. Disks of earlier versions do not tell: their instances had the `sudo` of this machine. */
  sudo: v.optional(v.boolean(), true),
  /** Those of the user data. sshd reads them from the files that its configuration names. */
  authorizedKeys: v.array(v.string()),
});
export type InstanceUser = v.InferOutput<typeof InstanceUser>;

/**
 * What the root volume of an instance keeps besides the home folders. At later boots, cloud-init runs boot commands on it, but does not
 * apply users, keys and files again: https://cloudinit.readthedocs.io/en/latest/explanation/boot.html
 */
export const Disk = v.strictObject({
  files: v.record(v.string(), v.string()),
  folders: v.array(v.string()),
  users: v.array(InstanceUser),
  /** OpenSSH private keys. If there are none, the instance has created its own. */
  hostKeys: v.array(v.string()),
  /** The instance that has booted from it last. Disks of earlier versions have always had the same one. */
  instanceId: v.optional(v.string()),
});
export type Disk = v.InferOutput<typeof Disk>;

/** The files of a disk, for the programs of a boot to change. */
export function filesOf({ files, folders }: Disk): SystemFiles {
  const kept = Object.entries(files).filter(([path]) => !isVolatile(path));
  const system = { files: new Map(kept), folders: new Set(folders.filter((path) => !isVolatile(path))), timers: new Set<string>() };
  mountVolatile(system);
  return system;
}

/** The disk of an instance with the files as they are now. */
export const diskOf = (
  { files, folders }: SystemFiles,
  users: readonly InstanceUser[],
  hostKeys: readonly string[],
  instanceId: string,
): Disk => ({
  files: Object.fromEntries([...files].filter(([path]) => !isVolatile(path))),
  folders: [...folders].filter((path) => !isVolatile(path)),
  users: [...users],
  hostKeys: [...hostKeys],
  instanceId,
});
