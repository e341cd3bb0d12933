import { readYaml } from './files.ts';

/** The settings of each function that differ from serverless.yml, by the function's name. */
const settings = readYaml<Readonly<Record<string, object>>>('infra/functions.yml');

/** The names of all functions: `createVpc`. */
export const functionNames = Object.keys(settings);

/** The functions for serverless.yml. Handler, bundle and role follow from the function's name. */
export const functions = Object.fromEntries(
  Object.entries(settings).map(([name, own]) => {
    const file = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const derived = { handler: `${file}.handler`, package: { artifact: `dist/functions/${file}.zip` }, role: `${idOf(name)}Role` };
    return [name, { ...derived, ...own }];
  }),
);

/** How the logical ids of a function's resources begin: `CreateVpc` for `createVpc`. Its state has this name too. */
export function idOf(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
