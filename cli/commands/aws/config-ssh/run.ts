import { type Alias, readAliases } from '../../../files/alias.ts';
import { aliasesFolder, requireUsablePath } from '../../../files/environment-folder.ts';
import { thisSystem } from '../../../home.ts';
import { columns, type Output, oneLine, paint, warn, writeJson } from '../../../output.ts';
import { shellQuote } from '../../../shell-quote.ts';
import { checkAlias } from '../../../ssh/check-alias.ts';
import { addInclude } from '../../../ssh/ensure-include.ts';
import { type Included, includeLine, includes, isOurFile, withInclude, withoutInclude } from '../../../ssh/include.ts';
import { changeUserConfig, isWritableByOthers, readUserConfig, userConfigFile } from '../../../ssh/user-config.ts';

/** The options as commander hands them over. */
export interface ConfigSshFlags {
  readonly remove?: boolean;
  readonly dryRun?: boolean;
  readonly sshConfig?: string;
}

/**
 * Makes the SSH configuration of this user include the host aliases of all environments, or no longer.
 *
 * @throws RecodeError SshConfigNotReadable, SshConfigNotWritable, NoHome, PathNotUsable
 */
export async function runConfigSsh({ remove = false, dryRun = false, sshConfig }: ConfigSshFlags, output: Output): Promise<void> {
  requireUsablePath(process.env);
  const file = userConfigFile(sshConfig, process.env);
  const included: Included = { folder: aliasesFolder(process.env), home: thisSystem.home() };
  const line = includeLine(included);
  const change = (text: string | undefined) => {
    if (!remove) return withInclude(text, included);
    const rest = text && withoutInclude(text, included);
    return rest === '' && text && isOurFile(text) ? undefined : rest;
  };
  const before = readUserConfig(file);
  const after = change(before);
  const changed = dryRun
    ? after !== before
    : remove
      ? changeUserConfig(file, change, `To remove it yourself, delete this line:\n${line}`)
      : addInclude(file, included);
  const aliases = readAliases(included.folder);
  const now = dryRun ? after : readUserConfig(file);
  if (output.json) {
    const hosts = aliases.map(({ alias, id }) => ({ host: alias, repository: repositoryOf(id) }));
    writeJson(output, { sshConfigFile: file, line, included: now !== undefined && includes(now, included), changed, dryRun, hosts });
  } else if (dryRun) preview(output, file, before, after);
  else if (remove) sayRemoved(output, { file, line, changed, left: now !== undefined && includes(now, included) });
  else sayAdded(output, { file, line, changed, aliases, ssh: sshWith(sshConfig, file) });
  if (!dryRun && !remove) await check(output, file, sshConfig === undefined && !process.env.RECODE_SSH_CONFIG, aliases);
}

/** The repository of an environment, the end of its ID: it stands there in lower case. */
const repositoryOf = (id: string) => id.split('/').slice(-2).join('/');

/** As `diff -u` shows it: our lines come and go at the top. */
function preview({ stdout }: Output, file: string, before: string | undefined, after: string | undefined): void {
  if (before === after) {
    stdout.write(`Nothing would change in ${oneLine(file)}.\n`);
    return;
  }
  const [old, next] = [before, after].map((text) => text?.match(/[^\n]*\n|[^\n]+$/g) ?? []);
  const shown = (sign: string, format: 'green' | 'red', lines: readonly string[] = [], others: readonly string[] = []) =>
    lines.filter((line) => !others.includes(line)).map((line) => `${paint(stdout, format, sign + textOf(line))}\n`);
  stdout.write(`--- ${before === undefined ? '/dev/null' : oneLine(file)}\n+++ ${after === undefined ? '/dev/null' : oneLine(file)}\n`);
  for (const line of [...shown('-', 'red', old, next), ...shown('+', 'green', next, old)]) stdout.write(line);
}

/** A line of the file for people, who read bytes as UTF-8. */
const textOf = (line: string) => Buffer.from(line.trimEnd(), 'latin1').toString();

interface Done {
  readonly file: string;
  readonly line: string;
  readonly changed: boolean;
}

function sayRemoved(output: Output, { file, line, changed, left }: Done & { readonly left: boolean }): void {
  const { stdout } = output;
  if (changed) stdout.write(`${paint(stdout, 'green', '✓')} Removed from ${oneLine(file)}:\n  ${oneLine(line)}\n`);
  else stdout.write(`${oneLine(file)} does not have the line of "recode aws config-ssh".\n`);
  if (left) warn(output, `${oneLine(file)} still includes the hosts, by a line that somebody else has written. That line stays.`);
}

interface Added extends Done {
  readonly aliases: readonly Alias[];
  /** The command that a host alias follows. */
  readonly ssh: string;
}

/** How to call ssh with a configuration: another one than it reads by itself has to be named. */
function sshWith(given: string | undefined, file: string): string {
  const usual = given === undefined || (thisSystem.home() !== undefined && file === userConfigFile(undefined, process.env));
  return usual ? 'ssh' : `ssh -F ${oneLine(shellQuote(file))}`;
}

function sayAdded({ stdout }: Output, { file, line, changed, aliases, ssh }: Added): void {
  if (changed) stdout.write(`${paint(stdout, 'green', '✓')} Added to the top of ${oneLine(file)}:\n  ${oneLine(line)}\n`);
  else stdout.write(`${paint(stdout, 'green', '✓')} ${oneLine(file)} already includes the hosts of your environments.\n`);
  const [first] = aliases;
  if (!first) {
    stdout.write(`\nNo environment is known on this machine yet. Once you start acme/api, run "${ssh} acme-api.recode".\n`);
    return;
  }
  const rows = aliases.map(({ alias, id }) => [alias, repositoryOf(id)]);
  stdout.write(`\n${columns(['HOST', 'REPOSITORY'], rows, (heading) => paint(stdout, 'bold', heading))}`);
  stdout.write(`\nTo connect, run:\n  ${paint(stdout, 'bold', `${ssh} ${first.alias}`)}\n`);
}

/** Asks ssh what it makes of the configuration. What is wrong is somebody else's line, so it is said and left. */
async function check(output: Output, file: string, usual: boolean, aliases: readonly Alias[]): Promise<void> {
  if (isWritableByOthers(file)) {
    warn(output, `Other users can write ${oneLine(file)}, so ssh refuses it. Run "chmod go-w ${oneLine(shellQuote(file))}".`);
    return;
  }
  const problem = await checkAlias(aliases[0], usual ? undefined : file);
  if (problem !== undefined) warn(output, problem);
}
