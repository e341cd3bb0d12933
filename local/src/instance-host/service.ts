import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { KernelView } from './kernel-view.ts';
import { instanceVariable } from './processes.ts';
import type { RootFolder } from './root-folder.ts';
import { copyOf, isVolatile, type SystemFiles } from './system-files.ts';

/** The instance of a service. */
export interface ServiceHost {
  readonly instanceId: string;
  readonly system: SystemFiles;
  /** Where its files are laid out for a run. */
  readonly root: RootFolder;
  /** The folder with the programs of root that hide those of this machine. */
  readonly bin: string;
}

/** What has become of a run. */
export interface Run {
  /** What the script has printed, which systemd would put into the journal. */
  readonly output: string;
  /** Whether the disk of the instance is another one now. */
  readonly diskChanged: boolean;
}

/**
 * Runs the script of a service, as the user of the embedded AWS. Its working directory is a copy of the instance's files, in which the
 * kernel shows the instance alone: so a script that works with relative paths sees the instance, as it does on a real one in `/`.
 */
export async function runService([path, ...args]: readonly string[], host: ServiceHost, kernel: KernelView): Promise<Run> {
  const { instanceId, system, root, bin } = host;
  const before = copyOf(system);
  root.layOut(before, kernel);
  const output = await new Promise<string>((resolve) => {
    const child = spawn('/bin/sh', [join(root.folder, path ?? ''), ...args], {
      cwd: root.folder,
      env: { PATH: `${bin}:${process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`, LANG: 'C.UTF-8', [instanceVariable]: instanceId },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (data: string) => {
        text += data;
      });
    }
    child.once('error', (error) => resolve(`/bin/sh: ${error.message}`));
    child.once('close', () => resolve(text));
  });
  root.takeOver(before, system);
  return { output: output.trimEnd(), diskChanged: onDisk(before) !== onDisk(system) };
}

const onDisk = ({ files }: SystemFiles) => JSON.stringify([...files].filter(([path]) => !isVolatile(path)).sort());
