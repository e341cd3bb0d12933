import { RecodeError } from '../../core/errors.ts';
import type { Alias } from '../files/alias.ts';
import { line } from '../output.ts';
import { lastLine, runOpenSsh } from './client.ts';

/**
 * Asks the system's ssh, without connecting, whether a host alias leads to its environment.
 *
 * @param alias undefined to find out only whether ssh reads the configuration
 * @param configFile instead of those that ssh reads by itself
 * @param timeout as for `runOpenSsh`
 * @returns what is wrong
 */
export async function checkAlias(alias: Alias | undefined, configFile?: string, timeout?: number): Promise<string | undefined> {
  const host = alias?.alias ?? 'name.recode';
  try {
    const options = [...(configFile === undefined ? [] : ['-F', configFile]), '-G', host];
    const { code, stdout, stderr } = await runOpenSsh('ssh', options, timeout);
    if (code !== 0) return line`ssh does not read the configuration: ${lastLine(stderr) || `exit code ${code}`}`;
    const expected = alias && settingIn(alias.text, 'HostName');
    const actual = settingIn(stdout, 'hostname');
    if (expected === actual || expected === undefined) return undefined;
    return line`For ${host}, ssh connects to ${actual ?? 'nothing'} instead of ${expected}: another line of the configuration comes first.`;
  } catch (error) {
    if (error instanceof RecodeError) return `ssh could not check the configuration: ${error.message}`;
    throw error;
  }
}

const settingIn = (text: string, name: string) => new RegExp(`^\\s*${name} (.+)$`, 'm').exec(text)?.[1];
