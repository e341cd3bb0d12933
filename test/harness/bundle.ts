import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/**
 * Bundles a TypeScript program (a file of the repository, or its text) into `<directory>/<name>.mjs`, packages left outside,
 * so that a test can run it as a process of its own. Resolves to the path of the bundle.
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
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return outfile;
}
