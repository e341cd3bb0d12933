import type { Failure } from '../../failure.ts';
import { readAliases } from '../../files/alias.ts';
import { aliasesFolder } from '../../files/environment-folder.ts';
import { thisSystem } from '../../home.ts';
import { shellQuote } from '../../shell-quote.ts';
import { checkAlias } from '../../ssh/check-alias.ts';
import { includes, withoutInclude } from '../../ssh/include.ts';
import { isWritableByOthers, readUserConfig, userConfigFile } from '../../ssh/user-config.ts';
import { type Check, count, failed, ok, problem, warning } from '../check.ts';
import type { Explain } from '../explain.ts';
import { checkPatience } from '../within.ts';

/** The configuration of ssh that a person has. */
export interface SeenSshConfig {
  readonly file: string;
  /** Where the line is that includes Recode's hosts: before any Host, after one, or nowhere. */
  readonly include: 'first' | 'later' | 'none';
  readonly writableByOthers: boolean;
  /** How many hosts there are to include. */
  readonly hosts: number;
  /** What is wrong with them, as ssh reads the configuration: a sentence each. */
  readonly wrong: readonly string[];
  /** Why the file cannot be read. */
  readonly failure?: Failure;
}

/** Whether ssh knows the hosts of the environments, if a person has asked for that. */
export function sshConfigCheck({ file, include, writableByOthers, hosts, wrong, failure }: SeenSshConfig): Check {
  if (failure) return failed('ssh-config', failure);
  if (writableByOthers) {
    return problem('ssh-config', `Other users can write ${file}, so ssh refuses it.`, `Run "chmod go-w ${shellQuote(file)}".`);
  }
  if (include === 'none') {
    return ok('ssh-config', `${file} does not include the hosts of environments. "recode aws config-ssh" adds them.`);
  }
  if (include === 'later') {
    const seen = `${file} includes the hosts of environments below a Host or Match, where the line counts for some hosts only.`;
    return warning('ssh-config', seen, 'Run "recode aws config-ssh": it moves the line to the top.');
  }
  const [first] = wrong;
  if (first === undefined) return ok('ssh-config', `${file} includes ${count(hosts, 'host')}`);
  const more = wrong.length > 1 ? ` The same holds for ${count(wrong.length - 1, 'more host')}.` : '';
  return warning(
    'ssh-config',
    `${first}${more}`,
    `Remove the other line from ${file} or from what it includes, or move it below the first line.`,
  );
}

// Each is a process.
const mostHosts = 10;

/** Reads the file, and asks ssh what it makes of it. */
export async function seeSshConfig(explain: Explain): Promise<SeenSshConfig> {
  const nothing = { file: '', include: 'none', writableByOthers: false, hosts: 0, wrong: [] } as const;
  try {
    const file = userConfigFile(undefined, process.env);
    const included = { folder: aliasesFolder(process.env), home: thisSystem.home() };
    const text = readUserConfig(file);
    const aliases = readAliases(included.folder);
    const ours = text !== undefined && withoutInclude(text, included) !== text;
    const include = text !== undefined && includes(text, included) ? 'first' : ours ? 'later' : 'none';
    const writableByOthers = isWritableByOthers(file);
    const asked = include === 'first' && !writableByOthers ? aliases.slice(0, mostHosts) : [];
    const usual = process.env.RECODE_SSH_CONFIG ? file : undefined;
    const wrong = await Promise.all(asked.map((alias) => checkAlias(alias, usual, checkPatience)));
    return { file, include, writableByOthers, hosts: aliases.length, wrong: wrong.filter((each) => each !== undefined) };
  } catch (error) {
    return { ...nothing, failure: explain(error) };
  }
}
