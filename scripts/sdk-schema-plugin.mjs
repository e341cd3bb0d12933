import { readFile } from 'node:fs/promises';

/**
 * Lets esbuild drop the shapes of the AWS SDK that a handler does not use. The SDK's schema files use constants as keys
 * (`{ [_xN]: … }`), which esbuild treats as side effects. With the constants inlined, they are plain data.
 *
 * @type {import('esbuild').Plugin}
 */
export const sdkSchemaTreeShaking = {
  name: 'sdk-schema-tree-shaking',
  setup(build) {
    build.onLoad({ filter: /@aws-sdk[\\/][^\\/]+[\\/].*dist-es[\\/].*schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const constants = new Map([...source.matchAll(/^const (_\w+) = ("[^"\n]*");$/gm)].map(([, name, text]) => [name, text]));
      return {
        contents: source.replace(/\[(_\w+)\]:/g, (all, name) => (constants.has(name) ? `${constants.get(name)}:` : all)),
        loader: 'js',
      };
    });
  },
};
