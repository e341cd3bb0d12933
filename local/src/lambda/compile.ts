import { spawnSync } from 'node:child_process';
import { littleMemory } from '../little-memory.ts';
import { compileModules, moduleFlags } from './compiled.ts';

// Compiles the modules of functions for the processes of the runtime: FOLDER FILE…

const [, program = '', folder = '', ...files] = process.argv;
// V8 takes the code only with the flags with which it was compiled.
const flags = [...littleMemory, ...moduleFlags];
if (flags.every((flag) => process.execArgv.includes(flag))) compileModules(files, folder);
else process.exitCode = spawnSync(process.execPath, [...flags, program, folder, ...files], { stdio: 'inherit' }).status ?? 1;
