import { RecodeError } from './errors.ts';
import { ssh } from './names.ts';
import type { OpenSshKeyPair } from './openssh-key.ts';
import { isPrintableAscii } from './printable.ts';

/** Where the keys are that may log in, and with whom. Root owns the folder, so that only a boot or `sudo` can change it. */
const keysFolder = '/etc/ssh/recode';

/** The file with the keys of people, one in a line. */
export const keysFile = `${keysFolder}/${ssh.user}`;

/**
 * The cloud-config that makes a plain Ubuntu an environment, without any network: the user and the keys it lets in, the host key that
 * the CLI pins, and sshd on our port as soon as cloud-init's own stage ends. The keys of people are written at every boot. Of `users` and
 * `ssh_keys`, an instance that has booted before takes no changes.
 *
 * @param environment its host key may be missing only for an instance that has booted before
 * @throws RecodeError InputNotValid for a key with which the user data would let nobody in
 */
export function userData(environment: { publicKeys: readonly string[]; hostKey: OpenSshKeyPair | undefined }): string {
  const text = `#cloud-config
manage_etc_hosts: true
bootcmd: # at every boot
  - |
${indent(writeKeys(environment.publicKeys), 4)}
    mkdir -p /etc/ssh/sshd_config.d
    printf '%s\\n' 'Port ${ssh.port}' 'PasswordAuthentication no' 'AuthorizedKeysFile ${keysFolder}/%u .ssh/authorized_keys' > /etc/ssh/sshd_config.d/10-recode.conf
    if systemctl is-enabled --quiet ssh.socket; then
      systemctl disable --now ssh.socket
      rm -f /etc/systemd/system/ssh.service.d/00-socket.conf /etc/systemd/system/ssh.socket.d/addresses.conf
      systemctl daemon-reload
      systemctl enable ssh.service
      systemctl start --no-block ssh.service # ordered after cloud-init's own stage: keys and user are there first
    fi
${sshKeys(environment.hostKey)}users:
  - name: ${ssh.user}
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
`;
  if (text.split('\n').every(isPrintableAscii)) return text;
  throw new RecodeError('InputNotValid', 'The keys of the environment have characters that are not printable ASCII.');
}

/** The host key in a user data that this or an earlier version has made; undefined if someone has replaced the user data. */
export function hostKeyIn(userData: string): OpenSshKeyPair | undefined {
  const [, indented, publicKey] = /^ssh_keys:\n {2}ed25519_private: \|\n((?: {4}.+\n)+) {2}ed25519_public: (.+)$/m.exec(userData) ?? [];
  if (indented === undefined || publicKey === undefined) return undefined;
  return { privateKey: indented.replace(/^ {4}/gm, ''), publicKey };
}

/**
 * The shell commands by which root lets in exactly these keys, at a boot or later. The file is replaced as a whole: sshd reads it at any
 * time. If one of them fails, it stays as it was.
 *
 * @throws RecodeError InputNotValid
 */
export function writeKeys(publicKeys: readonly string[]): string {
  const keys = publicKeys.map((key) => `'${withoutComment(key)}'`).join(' ');
  return `mkdir -p ${keysFolder} && chmod 755 ${keysFolder} &&
  printf '%s\\n' ${keys} > ${keysFile}.next &&
  chmod 644 ${keysFile}.next && mv -f ${keysFile}.next ${keysFile}`;
}

/**
 * A key as the file has it: without its comment, which anyone may write and nobody needs there.
 *
 * @throws RecodeError InputNotValid
 */
export function withoutComment(publicKey: string): string {
  const [key] = /^ssh-ed25519 [A-Za-z0-9+/]+=*(?= |$)/.exec(publicKey) ?? [];
  if (key !== undefined) return key;
  throw new RecodeError('InputNotValid', 'A key of the environment is not an Ed25519 key as ssh-keygen writes it.');
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
    .map((line) => ' '.repeat(width) + line)
    .join('\n');
