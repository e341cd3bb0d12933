import { RecodeError } from '../../../../core/errors.ts';
import { line, type Output } from '../../../output.ts';
import { lastLine } from '../../../ssh/client.ts';
import { type ForwardedPort, forwardPorts } from '../../../ssh/forward.ts';
import { sshFailed } from '../../../ssh/session.ts';
import { type ConnectionTarget, openStarted } from '../../../started-environment.ts';
import { type ConnectionFlags, parseConnection } from '../options.ts';
import { parseAddress, parsePorts, requireFreePorts } from './ports.ts';

/** The options as commander hands them over. */
export interface ForwardFlags extends ConnectionFlags {
  readonly address: string;
}

/** Ports to forward to an environment. */
export interface ForwardRequest extends ConnectionTarget {
  readonly ports: readonly ForwardedPort[];
  readonly address: string;
}

/** Reads what was typed. Throws RecodeError UsageNotValid. */
export function parseForward(
  repository: string,
  ports: readonly string[],
  flags: ForwardFlags,
  variables: NodeJS.ProcessEnv,
): ForwardRequest {
  return { ...parseConnection(repository, flags, variables), ports: parsePorts(ports), address: parseAddress(flags.address) };
}

/**
 * Forwards ports of this machine to an environment until it is interrupted. Starts the environment first where that is asked for.
 *
 * @throws RecodeError PortInUse, PortNotAllowed, PortsNotForwarded, ConnectionLost, and those of cli/started-environment.ts
 */
export async function runForward({ ports, address, ...target }: ForwardRequest, output: Output): Promise<void> {
  await requireFreePorts(ports, address);
  const environment = await openStarted(target, output);
  if (!environment) return;
  const { files, host, subject } = environment;
  const { stdout, stderr } = output;
  let forwarded = false;
  const { code, said } = await forwardPorts(
    { sshConfig: files.sshConfig, name: host, address, ports },
    {
      ready() {
        forwarded = true;
        for (const { local, remote } of ports) stdout.write(`${urlOf(address, local)} → ${line`${subject.repository}`}:${remote}\n`);
        stdout.write('Press Ctrl-C to stop.\n');
      },
      refused: (reason) =>
        stderr.write(
          `${line`A connection failed: ${reason.replace(/:?\s*$/, '')}.`} Does a program in the environment listen on the port?\n`,
        ),
    },
  );
  if (code === sshFailed || code === 0) {
    const reason = (lastLine(said) || `ssh exits with ${code}`).replace(/\.?$/, '.');
    if (forwarded) throw new RecodeError('ConnectionLost', `The connection to ${subject.repository} has ended: ${reason}`);
    throw new RecodeError('PortsNotForwarded', `ssh did not forward the ports: ${reason}`);
  }
  process.exitCode = code;
}

/** What to open in a browser. */
function urlOf(address: string, port: number): string {
  const host = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(address) ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
