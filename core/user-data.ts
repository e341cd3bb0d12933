import { RecodeError } from './errors.ts';
import type { IdleStop } from './idle-stop.ts';
import { watchInstance } from './instance/auto-stop.ts';
import { keysFolder, writeKeys } from './instance/keys.ts';
import { ssh } from './names.ts';
import type { OpenSshKeyPair } from './openssh-key.ts';
import { isPrintableAscii } from './printable.ts';

/** What a boot of an instance takes from its environment. */
export interface InstanceSettings {
  readonly repository: string;
  readonly publicKeys: readonly string[];
  readonly idleStop: IdleStop;
  /** False if keys in home folders let nobody in: those on the disk are of earlier times, or of a former owner. */
  readonly homeKeys?: boolean;
}

/** The file in a home folder with the keys that its user has added. */
const homeKeysFile = '.ssh/authorized_keys';

/**
 * The cloud-config that makes a plain Ubuntu an environment, without any network: the user and the keys it lets in, the host key that
 * the CLI pins, sshd on our port as soon as cloud-init's own stage ends, and what watches for automatic stops. The keys of people and the
 * idle time are written at every boot. Of `users` and `ssh_keys`, an instance that has booted before takes no changes.
 *
 * @param environment its host key may be missing only for an instance that has booted before; `homeKeys` is whether keys in home folders let in,
 *   too: those on a restored disk are of earlier times
 * @throws RecodeError InputNotValid for a key with which the user data would let nobody in
 */
export function userData(
  environment: InstanceSettings & { readonly hostKey: OpenSshKeyPair | undefined; readonly homeKeys: boolean },
): string {
  const text = `#cloud-config
manage_etc_hosts: true
bootcmd: # at every boot
  - |
${indent(writeKeys(environment.publicKeys), 4)}
    mkdir -p /etc/ssh/sshd_config.d
    printf '%s\\n' 'Port ${ssh.port}' 'PasswordAuthentication no' 'AuthorizedKeysFile ${keysFolder}/%u${environment.homeKeys ? ` ${homeKeysFile}` : ''}' > /etc/ssh/sshd_config.d/10-recode.conf
    if systemctl is-enabled --quiet ssh.socket; then
      systemctl disable --now ssh.socket
      rm -f /etc/systemd/system/ssh.service.d/00-socket.conf /etc/systemd/system/ssh.socket.d/addresses.conf
      systemctl daemon-reload
      systemctl enable ssh.service
      systemctl start --no-block ssh.service # ordered after cloud-init's own stage: keys and user are there first
    fi
${indent(watchInstance(environment), 4)}
${sshKeys(environment.hostKey)}users:
  - name: ${ssh.user}
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
`;
  if (text.split('\n').every(isPrintableAscii)) return text;
  throw new RecodeError('InputNotValid', 'The user data of the environment has characters that are not printable ASCII.');
}

/** Whether a user data of Recode lets in with keys in home folders. Not only there since a restore. */
export const hasHomeKeys = (userData: string): boolean => !userData.includes(`'AuthorizedKeysFile ${keysFolder}/%u'`);

/** The host key in a user data that this or an earlier version has made; undefined if someone has replaced the user data. */
export function hostKeyIn(userData: string): OpenSshKeyPair | undefined {
  const [, indented, publicKey] = /^ssh_keys:\n {2}ed25519_private: \|\n((?: {4}.+\n)+) {2}ed25519_public: (.+)$/m.exec(userData) ?? [];
  if (indented === undefined || publicKey === undefined) return undefined;
  return { privateKey: indented.replace(/^ {4}/gm, ''), publicKey };
}

const sshKeys = (hostKey: OpenSshKeyPair | undefined) =>
  hostKey
    ? `ssh_keys:
  ed25519_private: |
${indent(hostKey.privateKey, 4)}
  ed25519_public: ${hostKey.publicKey}
`
    : '';

const indent = (text: string, width: number) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(width) + line))
    .join('\n');
