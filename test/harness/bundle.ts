import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/**
 * Bundles the text of a TypeScript program, which imports from the root, into `<directory>/<name>.mjs`, so that a test can run it as a
 * process of its own. Packages are left outside. Resolves to the path of the bundle.
 */
export async function bundle(directory: string, name: string, text: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    stdin: { contents: text, resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return outfile;
}
