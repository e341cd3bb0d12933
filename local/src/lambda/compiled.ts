// Code of functions that the build has compiled. Reading the text of a bundle takes most of the time until its function is loaded, and V8 need
// not do that again. Node.js keeps compiled code of ES modules by itself only from version 22.8 on.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm, { type Module } from 'node:vm';

/** With these flags, Node.js has the modules of this file, and does not tell everyone that they may change. */
export const moduleFlags: readonly string[] = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

type Exports = Record<string, unknown>;

/** What the types of Node.js do not have. */
interface Compilable extends vm.SourceTextModule {
  readonly dependencySpecifiers: readonly string[];
  createCachedData(): Buffer;
}

/**
 * Compiles modules into a folder. Leaves out those that import more than modules of Node.js, or may call import(): in compiled code, V8 does
 * not know which module calls it.
 */
export function compileModules(files: readonly string[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const source = readFileSync(file, 'utf8');
    // Compiled code keeps this name, which is in the traces of errors: that of the file on AWS.
    const module = new vm.SourceTextModule(source, { identifier: `file:///var/task/${basename(file)}` }) as Compilable;
    if (module.dependencySpecifiers.every(isBuiltin) && !/\bimport\s*\(/.test(source))
      writeFileSync(compiledFile(source, folder), module.createCachedData());
  }
}

/**
 * Imports a module whose compiled code is in a folder. Resolves to undefined if it is not, or not for this version of Node.js and its flags.
 * Throws what the module throws.
 */
export async function importCompiled(file: string, folder: string): Promise<Exports | undefined> {
  const source = readFileSync(file, 'utf8');
  const cachedData = readIfThere(compiledFile(source, folder));
  const module = cachedData && moduleOf(file, source, cachedData);
  if (!module) return undefined;
  await module.link(builtinModule);
  await module.evaluate();
  return module.namespace as Exports;
}

/** By the text, because V8 compares only its length. */
const compiledFile = (source: string, folder: string) => join(folder, createHash('sha256').update(source).digest('hex'));

function moduleOf(file: string, source: string, cachedData: Buffer): Module | undefined {
  const url = pathToFileURL(file).href;
  const resolve = (specifier: string) => (isBuiltin(specifier) ? specifier : new URL(specifier, url).href);
  try {
    return new vm.SourceTextModule(source, {
      identifier: url,
      cachedData,
      initializeImportMeta: (meta) => Object.assign(meta, { dirname: dirname(file), filename: file, resolve, url }),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_VM_MODULE_CACHED_DATA_REJECTED') return undefined;
    throw error;
  }
}

const builtins = new Map<string, Module>();

/** A module of Node.js, as those of this file can import it. */
async function builtinModule(specifier: string): Promise<Module> {
  const known = builtins.get(specifier);
  if (known) return known;
  const exported: Exports = await import(specifier);
  const names = Object.keys(exported);
  const module: vm.SyntheticModule = new vm.SyntheticModule(names, () => {
    for (const name of names) module.setExport(name, exported[name]);
  });
  builtins.set(specifier, module);
  return module;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
