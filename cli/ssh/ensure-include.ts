import { RecodeError } from '../../core/errors.ts';
import { confirm } from '../confirm.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { thisSystem } from '../home.ts';
import { type Output, oneLine } from '../output.ts';
import { type Included, includeLine, withInclude } from './include.ts';
import { changeUserConfig, includesAliases, userConfigFile } from './user-config.ts';

/**
 * Makes the configuration of a person include the host aliases.
 *
 * @returns whether it has changed
 * @throws RecodeError SshConfigNotReadable, SshConfigNotWritable
 */
export function addInclude(file: string, included: Included): boolean {
  const byHand = `To add it yourself, write this at the top of the file:\n${includeLine(included)}`;
  return changeUserConfig(file, (text) => withInclude(text, included), byHand);
}

/**
 * Makes sure that a program which reads the person's own configuration finds the host aliases, and asks before it changes that.
 *
 * @param program that needs them, for people
 * @param mayAsk whether there is somebody to ask
 * @returns false where the answer was no, which is said
 * @throws RecodeError SshConfigNotIncluded, SshConfigNotReadable, SshConfigNotWritable, NoHome
 */
export async function ensureInclude(
  { aliases: folder }: Pick<EnvironmentFolder, 'aliases'>,
  program: string,
  mayAsk: boolean,
  output: Output,
): Promise<boolean> {
  if (includesAliases(folder, process.env)) return true;
  const file = userConfigFile(undefined, process.env);
  const included: Included = { folder, home: thisSystem.home() };
  if (!mayAsk)
    throw new RecodeError(
      'SshConfigNotIncluded',
      `${program} connects by the hosts in ${file}, which lacks this line:\n${includeLine(included)}`,
    );
  const question = `${program} connects by host name. For that, ${oneLine(file)} needs this line at its top:\n  ${includeLine(included)}\nAdd it?`;
  if (!(await confirm(question, output))) return false;
  addInclude(file, included);
  return true;
}
