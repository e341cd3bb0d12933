// Modules of Node.js that packages load when they are loaded, and use only in few commands or in none.
/** @type {ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>} */
const used = new Map([
  // For commands that are programs of their own.
  ['commander', { 'node:child_process': ['spawn'] }],
  // For endpoints with https.
  ['@smithy/node-http-handler', { 'node:https': ['Agent', 'request'] }],
]);

/**
 * Lets these packages load these modules when they first use them.
 *
 * @type {import('esbuild').Plugin}
 */
export const unusedAtStart = {
  name: 'unused-at-start',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:(child_process|https)$/ }, ({ importer, path, namespace }) => {
      if (namespace === 'unused-at-start') return undefined;
      const names = [...used].find(([name]) => importer.includes(`node_modules/${name}/`))?.[1][path];
      return names && { path, namespace: 'unused-at-start', pluginData: names };
    });
    onLoad({ filter: /.*/, namespace: 'unused-at-start' }, ({ path, pluginData: names }) => ({
      contents: `module.exports = { ${/** @type {readonly string[]} */ (names).map((name) => `get ${name}() { return require('${path}').${name}; }`).join(', ')} };`,
      loader: 'js',
    }));
  },
};
