// Runs the chunks of a built program, and keeps the code that Node.js has compiled for the next run. Node.js can do that itself only from
// 22.8 on, and a large part of the time of a command goes into compiling.
const { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { isAbsolute, join } = require('node:path');
const { Script } = require('node:vm');

/**
 * Runs a chunk, and those that it requires as `./<name>`. Each is a function of the variables of a CommonJS module.
 *
 * @param {string} folder of the chunks
 * @param {string} first the name of the chunk
 * @param {string} build identifies the content of all chunks
 * @param {readonly string[]} argv the command, whose code is kept by itself: more than it needs would take time to load
 */
exports.runChunk = (folder, first, build, argv) => {
  const requireOther = createRequire(join(folder, first));
  const cache = openCache(process.env, build, argv);
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
    const source = readFileSync(filename, 'latin1');
    const cachedData = cache?.read(name);
    const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
    cache?.loaded(name, script);
    script.runInThisContext()(module.exports, requireFrom, module, filename, folder);
    return module.exports;
  };
  /** @param {string} name */
  const requireFrom = (name) => (name.startsWith('./') ? load(name.slice(2)) : requireOther(name));
  load(first);
};

const month = 30 * 24 * 60 * 60 * 1000;
// More than there are: what people mistype is no reason to fill their disk.
const mostCommands = 100;

/**
 * Compiled code in the cache folder of the person. What is in there is run: so it has to be theirs, and nobody else may write there.
 *
 * @param {NodeJS.ProcessEnv} variables
 * @param {string} build
 * @param {readonly string[]} argv
 */
function openCache({ XDG_CACHE_HOME = '', HOME = '', NODE_DISABLE_COMPILE_CACHE: disabled }, build, argv) {
  const caches = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : HOME && join(HOME, '.cache');
  if (!isAbsolute(caches) || disabled || !process.geteuid) return undefined;
  const all = join(caches, 'recode', 'compiled');
  const folder = join(all, `${build.replace(/\W+/g, '-')}${process.version}-${process.arch}-${process.geteuid()}`);
  const words = argv.slice(0, 2).filter((word) => /^[a-z]+(-[a-z]+)*$/.test(word));
  const file = join(folder, ['recode', ...words].join('-'));
  const kept = isOwn(folder) ? readKept(file) : new Map();
  /** @type {Map<string, Script>} */
  const scripts = new Map();
  let complete = true;
  process.once('exit', () => {
    if (!complete) keep({ all, folder, file }, kept, scripts);
  });
  return {
    /** @param {string} name */
    read: (name) => kept.get(name),
    /**
     * @param {string} name
     * @param {Script} script
     */
    loaded(name, script) {
      scripts.set(name, script);
      // Of another Node.js, or of one with other options.
      if (script.cachedDataRejected) kept.clear();
      complete &&= kept.has(name);
    },
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
 * The compiled code of each chunk in a file. It begins with a line of JSON that says which these are, and how long each is.
 *
 * @param {string} file
 * @returns {Map<string, Buffer>}
 */
function readKept(file) {
  try {
    const content = readFileSync(file);
    let at = content.indexOf('\n') + 1;
    /** @type {Map<string, Buffer>} */
    const kept = new Map();
    for (const [name, length] of JSON.parse(content.toString('latin1', 0, at))) {
      kept.set(name, content.subarray(at, at + length));
      at += length;
    }
    return at === content.length ? kept : new Map();
  } catch {
    // It has not been compiled yet.
    return new Map();
  }
}

/**
 * Writes compiled code, with all functions that have run by now.
 *
 * @param {{ all: string, folder: string, file: string }} place `all` is the folder of all builds
 * @param {ReadonlyMap<string, Buffer>} kept
 * @param {ReadonlyMap<string, Script>} scripts
 */
function keep({ all, folder, file }, kept, scripts) {
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) {
      chmodSync(folder, 0o700);
      for (const other of readdirSync(all)) {
        if (Date.now() - statSync(join(all, other)).mtimeMs > month) rmSync(join(all, other), { recursive: true, force: true });
      }
    }
    if (!isOwn(folder) || readdirSync(folder).length >= mostCommands) return;
    const chunks = new Map(kept);
    for (const [name, script] of scripts) chunks.set(name, script.createCachedData());
    const index = JSON.stringify([...chunks].map(([name, { length }]) => [name, length]));
    // V8 would copy what does not begin at a multiple of 8.
    const line = `${index}\n`.padStart(Math.ceil((index.length + 1) / 8) * 8);
    // Another command may read or write it now.
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, Buffer.concat([Buffer.from(line), ...chunks.values()]), { mode: 0o600 });
    renameSync(unfinished, file);
  } catch {
    // A full disk, or a folder that cannot be written. The next run compiles again.
  }
}
