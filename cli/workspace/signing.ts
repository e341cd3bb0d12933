import { existsSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { RecodeError } from '../../core/errors.ts';
import { sameKey } from '../../core/openssh-key.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { keysNotWritable } from '../files/file-trouble.ts';
import { replaceFile } from '../files/replace-file.ts';
import { runOpenSsh } from '../ssh/client.ts';
import { quote } from '../ssh/remote.ts';
import { gitSetting } from './git-setting.ts';

/**
 * The SSH key that this machine signs commits with, which its SSH agent has to hold.
 *
 * @returns the public key, as `ssh-ed25519 AAAA…`
 * @throws RecodeError SigningKeyNotUsable
 */
export async function signingKey(): Promise<string> {
  const format = await gitSetting('gpg.format');
  if (format !== 'ssh') {
    throw notUsable(format === undefined ? 'git signs with GPG here: gpg.format is not set.' : `git signs with ${format} here.`);
  }
  const named = await gitSetting('user.signingkey');
  if (named === undefined) throw notUsable('user.signingkey of git is not set.');
  const [type, key] = publicKeyOf(named).split(/\s+/);
  const publicKey = `${type} ${key}`;
  // Fails where there is no agent, or one without keys.
  const { stdout } = await runOpenSsh('ssh-add', ['-L']);
  if (stdout.split('\n').some((held) => sameKey(held, publicKey))) return publicKey;
  throw notUsable('No SSH agent holds the key of user.signingkey.');
}

/** What git makes of user.signingkey: https://git-scm.com/docs/git-config#Documentation/git-config.txt-usersigningKey */
function publicKeyOf(named: string): string {
  const literal = named.replace(/^key::/, '');
  const text = literal !== named || /^ssh-\S+ /.test(named) ? literal : textOf(named.replace(/^~(?=\/)/, homedir()));
  if (/^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(\s|$)/.test(text)) return text.trim();
  throw notUsable('user.signingkey of git is not an SSH public key.');
}

/** The public key in a file, or beside the private one in it. */
function textOf(file: string): string {
  const publicFile = file.endsWith('.pub') || !existsSync(`${file}.pub`) ? file : `${file}.pub`;
  try {
    return readFileSync(publicFile, 'utf8');
  } catch (error) {
    throw notUsable(`${publicFile}, which user.signingkey of git names, cannot be read: ${(error as Error).message}.`);
  }
}

const notUsable = (problem: string) => new RecodeError('SigningKeyNotUsable', problem);

/** Makes the instance sign every commit with the key, by the forwarded agent; or not any more. */
export function signingScript(key: string): string {
  if (key !== 'none') {
    return `git config --global gpg.format ssh
git config --global user.signingkey ${quote(`key::${key}`)}
git config --global commit.gpgsign true
`;
  }
  return `case $(git config --global user.signingkey) in key::*)
  for setting in gpg.format user.signingkey commit.gpgsign; do git config --global --unset-all "$setting"; done ;;
esac
`;
}

/** Remembers whether the SSH agent is to be forwarded whenever somebody connects. Throws RecodeError KeysNotWritable. */
export function rememberForwarding({ agentForwarding }: EnvironmentFolder, forward: boolean): void {
  if (forward) replaceFile(agentForwarding, 'Commits are signed with a key of the SSH agent.\n');
  else {
    try {
      rmSync(agentForwarding, { force: true });
    } catch (error) {
      throw keysNotWritable(agentForwarding, 'deleted', error);
    }
  }
}
