import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/**
 * Bundles a TypeScript program (a file of this package, or its text) into `<directory>/<name>.mjs`, so that a test can run it as a process
 * of its own. Other packages are left outside. Resolves to the path of the bundle.
 */
export async function bundle(directory: string, name: string, program: { file: string } | { text: string }): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    ...('file' in program
      ? { entryPoints: [join(root, program.file)] }
      : { stdin: { contents: program.text, resolveDir: root, loader: 'ts' as const } }),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  // npm installs a workspace's packages in the root's node_modules.
  symlinkSync(join(root, '../node_modules'), join(directory, 'node_modules'));
  return outfile;
}
