import { RecodeError } from './errors.ts';
import { ssh } from './names.ts';
import type { OpenSshKeyPair } from './openssh-key.ts';
import { isPrintableAscii } from './printable.ts';

/**
 * The cloud-config that makes a plain Ubuntu an environment, without any network: the user and the key it lets in, the host key that
 * the CLI pins, and sshd on our port as soon as cloud-init's own stage ends.
 *
 * @throws RecodeError InputNotValid for a character with which cloud-init would drop all of it, and let nobody in
 */
export function userData(environment: { publicKey: string; hostKey: OpenSshKeyPair }): string {
  const text = `#cloud-config
manage_etc_hosts: true
bootcmd: # at every boot
  - |
    mkdir -p /etc/ssh/sshd_config.d
    printf 'Port ${ssh.port}\\nPasswordAuthentication no\\n' > /etc/ssh/sshd_config.d/10-recode.conf
    if systemctl is-enabled --quiet ssh.socket; then
      systemctl disable --now ssh.socket
      rm -f /etc/systemd/system/ssh.service.d/00-socket.conf /etc/systemd/system/ssh.socket.d/addresses.conf
      systemctl daemon-reload
      systemctl enable ssh.service
      systemctl start --no-block ssh.service # ordered after cloud-init's own stage: keys and user are there first
    fi
ssh_keys:
  ed25519_private: |
${indent(environment.hostKey.privateKey, 4)}
  ed25519_public: ${environment.hostKey.publicKey}
users:
  - name: ${ssh.user}
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: [${JSON.stringify(environment.publicKey)}]
`;
  if (text.split('\n').every(isPrintableAscii)) return text;
  throw new RecodeError('InputNotValid', 'The keys of the environment have characters that are not printable ASCII.');
}

const indent = (text: string, width: number) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => ' '.repeat(width) + line)
    .join('\n');
