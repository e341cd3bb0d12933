import { PassThrough } from 'node:stream';
import { streamTo } from '../output.ts';
import { createProgram } from '../program.ts';
import { type ManPage, manPages as pagesOf } from './man.ts';
import { cliParts, commandsPage as pageOf, withParts } from './page.ts';
import { type CommandReference, referenceOf } from './reference.ts';

// What the build and "npm run docs" load.

/** The manual pages of all commands. */
export async function manPages(version: string, date: string): Promise<ManPage[]> {
  return pagesOf(await reference(), version, date);
}

/** docs/commands.md */
export async function commandsPage(): Promise<string> {
  return pageOf(await reference());
}

/** docs/cli.md with the parts that are made. */
export async function cliPage(page: string): Promise<string> {
  return withParts(page, cliParts(await reference()));
}

async function reference(): Promise<CommandReference[]> {
  const nowhere = streamTo(new PassThrough());
  return referenceOf(await createProgram({ json: false, stdout: nowhere, stderr: nowhere }, ''));
}
