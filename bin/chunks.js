// Runs the chunks of a built program, and keeps the code that Node.js has compiled for the next run. Node.js can do that itself only from
// 22.8 on, and a large part of the time of a command goes into compiling.
const { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { isAbsolute, join } = require('node:path');
const { Script } = require('node:vm');

const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
const wrapper = /** @type {const} */ ([`(function(${parameters}){`, '\n})']);

/**
 * Runs a chunk, and those that it requires as `./<name>`.
 *
 * @param {string} folder of the chunks
 * @param {string} first the name of the chunk
 * @param {string} build identifies the content of all chunks
 */
exports.runChunk = (folder, first, build) => {
  const requireOther = createRequire(join(folder, first));
  const cache = openCache(process.env, build);
  /** @type {Map<string, { exports: unknown }>} */
  const modules = new Map();

  /** @param {string} name */
  const load = (name) => {
    const loaded = modules.get(name);
    if (loaded) return loaded.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const filename = join(folder, name);
    // All chunks are ASCII. In another encoding, Node.js would have to look at each character.
    const source = wrapper.join(readFileSync(filename, 'latin1'));
    const cachedData = cache?.read(name);
    const script = new Script(source, { filename, columnOffset: -wrapper[0].length, ...(cachedData && { cachedData }) });
    if (!cachedData || script.cachedDataRejected) cache?.add(name, script);
    script.runInThisContext()(module.exports, requireFrom, module, filename, folder);
    return module.exports;
  };
  /** @param {string} name */
  const requireFrom = (name) => (name.startsWith('./') ? load(name.slice(2)) : requireOther(name));
  load(first);
};

const month = 30 * 24 * 60 * 60 * 1000;

/**
 * Compiled code in the cache folder of the person. What is in there is run: so it has to be theirs, and nobody else may write there.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} build
 */
function openCache({ XDG_CACHE_HOME = '', HOME = '', NODE_DISABLE_COMPILE_CACHE: disabled }, build) {
  const caches = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : HOME && join(HOME, '.cache');
  if (!isAbsolute(caches) || disabled || !process.geteuid) return undefined;
  const all = join(caches, 'recode', 'compiled');
  const folder = join(all, `${build.replace(/\W+/g, '-')}${process.version}-${process.arch}-${process.geteuid()}`);
  const trusted = isOwn(folder);
  /** @type {Map<string, Script>} */
  const added = new Map();
  process.once('exit', () => {
    if (added.size > 0) keep(all, folder, added);
  });
  return {
    /** @param {string} name */
    read(name) {
      try {
        return trusted ? readFileSync(join(folder, name)) : undefined;
      } catch {
        // It has not been compiled yet.
        return undefined;
      }
    },
    /**
     * @param {string} name
     * @param {Script} script
     */
    add: (name, script) => void added.set(name, script),
  };
}

/** @param {string} folder */
function isOwn(folder) {
  try {
    const { uid, mode } = statSync(folder);
    return uid === process.geteuid?.() && (mode & 0o022) === 0;
  } catch {
    // There is none yet, or there cannot be one.
    return false;
  }
}

/**
 * Writes compiled code, with all functions that have run by now.
 *
 * @param {string} all the folder of all builds
 * @param {string} folder
 * @param {ReadonlyMap<string, Script>} scripts
 */
function keep(all, folder, scripts) {
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) {
      chmodSync(folder, 0o700);
      for (const other of readdirSync(all)) {
        if (Date.now() - statSync(join(all, other)).mtimeMs > month) rmSync(join(all, other), { recursive: true, force: true });
      }
    }
    if (!isOwn(folder)) return;
    for (const [name, script] of scripts) {
      // Another command may read or write it now.
      const unfinished = join(folder, `${name}.${process.pid}`);
      writeFileSync(unfinished, script.createCachedData(), { mode: 0o600 });
      renameSync(unfinished, join(folder, name));
    }
  } catch {
    // A full disk, or a folder that cannot be written. The next run compiles again.
  }
}
