import { sshBannerProblem } from '../../../aws/ssh-banner.ts';
import { covers } from '../../../core/cidr.ts';
import { type Environment, statusOf } from '../../../core/environment.ts';
import { RecodeError } from '../../../core/errors.ts';
import { ssh } from '../../../core/names.ts';
import type { AccountOptions } from '../../account.ts';
import { printedCommand } from '../../account-flags.ts';
import { ownAddress } from '../../own-address.ts';
import { type Check, count, ok, problem, skipped } from '../check.ts';
import { checkPatience } from '../within.ts';

/** An attempt to reach an environment that runs. */
export interface SeenConnection {
  readonly repository: string;
  readonly address: string;
  readonly allowCidrs: readonly string[];
  /** What `sshBannerProblem` says; undefined if an SSH server has answered. */
  readonly trouble: string | undefined;
}

/** The attempts to reach the environments of this person that run. */
export interface SeenConnections {
  readonly connections: readonly SeenConnection[];
  /** The address that instances see this machine's connections come from, if that is known. */
  readonly ownAddress: string | undefined;
  /** Whether this network lets HTTPS out through a proxy. */
  readonly proxied: boolean;
  readonly account: Partial<AccountOptions>;
  /** Why nobody tried, if that is the fault of something else. */
  readonly because?: string;
}

/** Whether this machine reaches SSH on the environments that run, or else what is to blame. */
export function connectionsCheck(seen: SeenConnections): Check[] {
  const { connections, because } = seen;
  if (because !== undefined) return [skipped('connections', because)];
  if (connections.length === 0) return [ok('connections', 'None of your environments runs')];
  const lost = connections.filter(({ trouble }) => trouble !== undefined);
  if (lost.length === 0) return [ok('connections', `${count(connections.length, 'running environment')} answered on port ${ssh.port}`)];
  return lost.map((connection) => lostConnection(connection, seen));
}

/** What keeps a connection from an instance. */
export type Blame = 'allowed blocks' | 'network' | 'instance' | 'network or instance';

/** What is to blame for a connection without an answer, as far as that can be told from here. */
export function blameFor({ trouble = '', allowCidrs }: SeenConnection, { connections, ownAddress, proxied }: SeenConnections): Blame {
  // A refusal is an answer: the packets get through.
  if (/ECONNREFUSED/.test(trouble)) return 'instance';
  if (ownAddress !== undefined && !allowCidrs.some((block) => covers(block, ownAddress))) return 'allowed blocks';
  if (/ENETUNREACH|EHOSTUNREACH|EACCES|EPERM|something else/.test(trouble)) return 'network';
  if (connections.some((other) => other.trouble === undefined)) return 'instance';
  return proxied ? 'network' : 'network or instance';
}

function lostConnection(connection: SeenConnection, seen: SeenConnections): Check {
  const { repository, address, allowCidrs, trouble = '' } = connection;
  const command = (...words: string[]) => `"${printedCommand(['recode', 'aws', ...words], seen.account)}"`;
  const says = `${repository} (${address}) does not answer on port ${ssh.port}: ${trouble.replace(/\.?$/, '.')}`;
  const look = `Run ${command('logs', repository, '--console')} to see what the instance says, or ${command('restart', repository)}, which ends what runs on it.`;
  const elsewhere = 'another network, such as that of a phone';
  switch (blameFor(connection, seen)) {
    case 'allowed blocks': {
      const blocks = `Your address ${seen.ownAddress} is not in the allowed blocks ${allowCidrs.join(', ')}.`;
      const allow = `Run ${command('start', repository, '--allow-cidr', 'mine')} to allow this machine instead. To keep a block, add it with another --allow-cidr.`;
      return problem('connections', `${says} ${blocks}`, allow);
    }
    case 'network': {
      const proxy = seen.proxied ? ' ssh does not use the proxy.' : '';
      const ask = `Ask the administrator of this network to allow connections to port ${ssh.port}, or try ${elsewhere}.`;
      return problem('connections', `${says} This network is to blame.${proxy}`, ask);
    }
    case 'instance':
      return problem('connections', `${says} The instance is to blame: this network lets the connection through.`, look);
    case 'network or instance': {
      const unknown = seen.ownAddress === undefined && !allowCidrs.includes('0.0.0.0/0');
      const address = unknown ? " This machine's address is unknown, so it may also not be among the allowed blocks." : '';
      return problem(
        'connections',
        `${says} This network or the instance is to blame.${address}`,
        `Try ${elsewhere}. If that does not help: ${look}`,
      );
    }
  }
}

// Each opens some sockets.
const mostConnections = 20;

/** Tries to reach SSH on each environment that is started. */
export async function seeConnections(
  environments: readonly Environment[],
  options: AccountOptions,
): Promise<Pick<SeenConnections, 'connections' | 'ownAddress'>> {
  const started = environments.flatMap((environment) => {
    const address = environment.observed?.publicIpAddress;
    return statusOf(environment) === 'started' && address !== undefined ? [{ environment, address }] : [];
  });
  const limited = started.some(({ environment }) => !environment.wanted.allowCidrs.includes('0.0.0.0/0'));
  const [own, connections] = await Promise.all([
    limited ? addressIfKnown(options) : undefined,
    Promise.all(
      started.slice(0, mostConnections).map(async ({ environment: { repository, wanted }, address }) => {
        const signal = AbortSignal.timeout(checkPatience - 1_000);
        const trouble = await sshBannerProblem({ host: address, port: ssh.port }, signal);
        return { repository, address, allowCidrs: wanted.allowCidrs, trouble };
      }),
    ),
  ]);
  return { connections, ownAddress: own };
}

/** Without it, the check says less. */
async function addressIfKnown(options: AccountOptions): Promise<string | undefined> {
  try {
    return await ownAddress(options, process.env);
  } catch (error) {
    if (error instanceof RecodeError) return undefined;
    throw error;
  }
}
