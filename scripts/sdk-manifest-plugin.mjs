import { readFile } from 'node:fs/promises';

/**
 * Leaves of the manifest of an AWS SDK client, which it imports, what it uses: its version.
 *
 * @type {import('esbuild').Plugin}
 */
export const sdkManifestVersion = {
  name: 'sdk-manifest-version',
  setup(build) {
    build.onLoad({ filter: /@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
