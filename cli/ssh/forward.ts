import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { sessionEnd } from './session.ts';

/** A port of this machine that leads to one of an environment. */
export interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

/** What to forward, and by which host of which `ssh -F` file. */
export interface Forwarding {
  readonly sshConfig: string;
  readonly name: string;
  /** The address of this machine to listen on. */
  readonly address: string;
  readonly ports: readonly ForwardedPort[];
}

/** What becomes known of a forwarding while it runs. */
export interface ForwardingEvents {
  /** All ports lead to the environment. */
  ready(): void;
  /** One connection to a port has failed, mostly because nothing listens in the environment. */
  refused(reason: string): void;
}

/** How a forwarding has ended. */
export interface ForwardingEnd {
  /** The exit code of ssh, or 128 and the number of the signal that ended it. */
  readonly code: number;
  /** What ssh has said. */
  readonly said: string;
}

const ready = 'recode-forwards';

/**
 * Forwards ports to an environment until it is interrupted or the connection is lost.
 *
 * @throws RecodeError SshClientMissing, SshClientFails where ssh cannot be run
 */
export async function forwardPorts({ sshConfig, name, address, ports }: Forwarding, events: ForwardingEvents): Promise<ForwardingEnd> {
  const options = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'ConnectTimeout=15',
    // A connection that is dead is noticed within a minute.
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    // ssh runs it on this machine once all ports are open. Nothing else tells when that is.
    'PermitLocalCommand=yes',
    `LocalCommand=echo ${ready}`,
  ];
  const host = address.includes(':') ? `[${address}]` : address;
  const forwards = ports.flatMap(({ local, remote }) => ['-L', `${host}:${local}:localhost:${remote}`]);
  const args = ['-F', sshConfig, '-N', ...options.flatMap((option) => ['-o', option]), ...forwards, name];
  const child = spawn('ssh', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = heard.includes(ready);
    heard += text;
    if (!before && heard.includes(ready)) events.ready();
  });
  createInterface({ input: child.stderr }).on('line', (text) => {
    const [, reason] = /^channel \d+: open failed: (.+)$/.exec(text.trim()) ?? [];
    // These come for as long as it runs.
    if (reason === undefined) said += `${text}\n`;
    else events.refused(reason);
  });
  return { code: await sessionEnd(child, 'ssh'), said };
}
