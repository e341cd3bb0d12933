#!/usr/bin/env bash
# @aws-sdk/client-sfn 3.1163.0 bundled by esbuild 0.28.2
#
# Expected: the client uses the version of its package.json alone, so a minified bundle with tree shaking has no more of that file.
# Happens: it imports the default export of the file, an object that esbuild keeps whole: the scripts and development dependencies of the SDK
# are in every bundle, one manifest for each client.
# Output seen:
#   of the manifest in the bundle: scripts yes, devDependencies yes, typesVersions yes
#   with { version } alone in its place, the bundle is 1807 bytes smaller
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @aws-sdk/client-sfn@3.1163.0 esbuild@0.28.2

cat > check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const bundle = async (plugins) => {
  const stdin = { contents: "import { SFNClient } from '@aws-sdk/client-sfn'; console.log(new SFNClient({}));", resolveDir: '.' };
  const settings = { bundle: true, write: false, platform: 'node', format: 'esm', mainFields: ['module', 'main'], minify: true };
  const { outputFiles } = await build({ stdin, ...settings, treeShaking: true, plugins });
  return outputFiles[0].text;
};
const versionOnly = {
  name: 'version-only',
  setup: ({ onLoad }) =>
    onLoad({ filter: /@aws-sdk[\\/]client-sfn[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    }),
};
const whole = await bundle([]);
const small = await bundle([versionOnly]);
const has = (field) => `${field} ${new RegExp(`\\b${field}:\\{`).test(whole) ? 'yes' : 'no'}`;
console.log(`of the manifest in the bundle: ${['scripts', 'devDependencies', 'typesVersions'].map(has).join(', ')}`);
console.log(`with { version } alone in its place, the bundle is ${whole.length - small.length} bytes smaller`);
process.exit(/\bscripts:\{/.test(whole) && /\bdevDependencies:\{/.test(whole) && whole.length > small.length ? 0 : 1);
JS
node check.mjs
