import { setTimeout as sleep } from 'node:timers/promises';
import { RecodeError } from '../../core/errors.ts';
import { shellQuote } from '../shell-quote.ts';
import { lastLine, runOpenSsh } from './client.ts';
import { sshCommand } from './config.ts';

/** How long an instance may take to let the first connection in, in milliseconds. */
export interface Patience {
  readonly total: number;
  readonly pause: number;
  /** How long, at most, from when the address of this machine is known to be a wrong one. */
  readonly withWrongAddress: number;
}

/** The host of a configuration file for ssh. */
export interface SshHost {
  readonly sshConfig: string;
  readonly name: string;
  readonly address: string;
}

// Without a network between, sshd refuses at once until cloud-init has started it; a minute after boot pam_nologin may still refuse.
// An instance boots in less than 25 s; a company's network may show it another address than the one that is known.
const usual: Patience = { total: 120_000, pause: 1_000, withWrongAddress: 25_000 };
const connectSeconds = 5;

/** Why the connection may be in vain: what is known by then of this machine's address. */
export interface Doubt {
  /** Resolves to the refusal of an address that the instance is not to let in. */
  readonly wrongAddress: Promise<RecodeError | undefined>;
  /** Tells the person at once, before the connection is given up. */
  say(line: string): void;
}

/**
 * Connects once with the system's own client and the settings that the printed command has, as the last proof that it works.
 *
 * @param command for the remote shell
 * @returns what the command has printed
 * @throws RecodeError SshClientFails, SshHostKeyDiffers, SshKeyRefused at once; SshUnreachable when nothing else helped for two minutes;
 *   the doubt's error half a minute after the first attempt without an answer
 */
export async function checkConnection(host: SshHost, doubt?: Doubt, patience = usual, command = 'true'): Promise<string> {
  let deadline = Date.now() + patience.total;
  let wrongAddress: RecodeError | undefined;
  for (;;) {
    const options = ['-F', host.sshConfig, '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${connectSeconds}`];
    const { code, stdout, stderr } = await runOpenSsh('ssh', [...options, host.name, command]);
    // 255 is the client's own failure; any other code is what the remote shell made of it, and we were in.
    if (code !== null && code !== 255) return stdout;
    const said = stderr.trim();
    const refusal = localTrouble(said, host) ?? refusalIn(said, host.address);
    if (refusal) throw refusal;
    // A refusal too is an answer: the packets get through.
    if (!wrongAddress && !/Connection refused/.test(said)) {
      wrongAddress = await doubt?.wrongAddress;
      if (wrongAddress) {
        doubt?.say(`${wrongAddress.message} Still trying to connect.`);
        deadline = Math.min(deadline, Date.now() + patience.withWrongAddress);
      }
    }
    if (Date.now() + patience.pause >= deadline) {
      const fix = sshCommand(host, host.name);
      if (wrongAddress && !/Connection refused/.test(said)) throw new RecodeError(wrongAddress.name, wrongAddress.message, { fix });
      const reason = lastLine(said) || 'no answer';
      throw new RecodeError(
        'SshUnreachable',
        `The instance runs, but ssh does not get through to ${host.address}: ${reason.replace(/\.?$/, '.')}`,
        { fix },
      );
    }
    await sleep(patience.pause);
  }
}

// What OpenSSH says of the files that it reads; of its configuration file it names path and line.
const localSayings = [
  /^Load key ".*": .+$/,
  /^no such identity: .+$/,
  /contents do not match public$/,
  /^No \S+ host key is known for .+$/,
  /^(Bad owner or permissions on|Can't open user config file|percent_|vdollar_percent_expand:|No user exists for uid) ?.+$/i,
];

/** What this machine is the cause of: ssh tells it with the exit code that it has for the server's refusals too. */
function localTrouble(said: string, { sshConfig, name }: SshHost): RecodeError | undefined {
  const line = said
    .split('\n')
    .map((text) => text.trim())
    .find((text) => text.startsWith(`${sshConfig}: `) || localSayings.some((saying) => saying.test(text)));
  if (line === undefined) return undefined;
  return new RecodeError('SshClientFails', `ssh cannot use a file on this machine: ${line.replace(/\.?$/, '.')}`, {
    fix: `ssh -v -F ${shellQuote(sshConfig)} ${name}`,
  });
}

/** What waiting cannot help. */
function refusalIn(said: string, address: string): RecodeError | undefined {
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|no matching host key type/.test(said)) {
    return new RecodeError('SshHostKeyDiffers', `The server at ${address} does not have the host key that Recode gave the instance.`);
  }
  // Until the instance has booted, the refusal follows from that.
  if (/Permission denied \(/.test(said) && !/System is booting up/.test(said)) {
    return new RecodeError('SshKeyRefused', `The instance at ${address} says: ${lastLine(said)}`);
  }
  return undefined;
}
