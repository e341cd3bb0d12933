// Modules of Node.js that packages load when they are loaded, and use only in few commands or in none.
/** @type {ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>} */
const used = new Map([
  // For commands that are programs of their own.
  ['commander', { 'node:child_process': ['spawn'] }],
  // For endpoints with https.
  ['@smithy/node-http-handler', { 'node:https': ['Agent', 'request'] }],
  // For the files of the AWS CLI, which the CLI reads itself, and for checksums, which it has without crc32, too.
  ['@smithy/core', { 'node:fs/promises': ['readFile'], 'node:zlib': [] }],
]);

/**
 * Lets these packages load these modules when they first use them.
 *
 * @type {import('esbuild').Plugin}
 */
export const unusedAtStart = {
  name: 'unused-at-start',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:(child_process|fs\/promises|https|zlib)$/ }, ({ importer, path, namespace }) => {
      if (namespace === 'unused-at-start') return undefined;
      const names = [...used].find(([name]) => importer.includes(`node_modules/${name}/`))?.[1][path];
      return names && { path, namespace: 'unused-at-start', pluginData: names };
    });
    onLoad({ filter: /.*/, namespace: 'unused-at-start' }, ({ path, pluginData }) => {
      const names = /** @type {readonly string[]} */ (pluginData);
      return {
        contents: `module.exports = { ${names.map((name) => exported(name, `require('${path}').${name}`)).join(', ')} };`,
        loader: 'js',
      };
    });
  },
};

/**
 * An export that loads its module. Packages ask what they are given whether it is an instance of a class: that has been made elsewhere, and
 * they take all that has the same methods.
 *
 * @param {string} name
 * @param {string} value
 */
function exported(name, value) {
  if (!/^[A-Z]/.test(name)) return `get ${name}() { return ${value}; }`;
  return `${name}: class { constructor(...given) { return new (${value})(...given); } static [Symbol.hasInstance]() { return false; } }`;
}
