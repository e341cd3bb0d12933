import { isIPv4 } from 'node:net';
import { covers } from '../core/cidr.ts';
import { RecodeError } from '../core/errors.ts';
import type { AccountOptions } from './account.ts';
import { openFetch } from './http/fetch.ts';
import { plainUrl } from './http/plain-url.ts';
import { unreachable } from './unreachable.ts';

const awsService = 'https://checkip.amazonaws.com';
const patienceSeconds = 5;
const mostCharacters = 256;

/**
 * The IPv4 address that an instance sees this machine's connections come from: its public one, as AWS's service says, or loopback for the
 * embedded AWS.
 *
 * @throws RecodeError PublicAddressUnknown within seconds, UsageNotValid for RECODE_CHECKIP_URL
 */
export async function ownAddress({ local }: Pick<AccountOptions, 'local'>, variables: NodeJS.ProcessEnv): Promise<string> {
  if (local) return '127.0.0.1';
  const service = variables.RECODE_CHECKIP_URL || awsService;
  const url = plainUrl(service);
  if (!url) throw new RecodeError('UsageNotValid', 'Invalid RECODE_CHECKIP_URL. Use an http or https URL without a user name.');
  const said = await ask(service, variables);
  // Where a proxy says whom it asks for, the service repeats that, and puts the address that it sees itself last.
  const address = said.split(',').at(-1)?.trim() ?? '';
  if (isIPv4(address)) return address;
  throw new RecodeError('PublicAddressUnknown', `${service} did not answer with an IPv4 address.`);
}

/** The refusal of a machine whose address is in none of the allowed blocks. Undefined where it is in one, or nobody can tell. */
export async function addressNotAllowed(
  allowed: readonly string[],
  options: Pick<AccountOptions, 'local'>,
  variables: NodeJS.ProcessEnv,
): Promise<RecodeError | undefined> {
  if (allowed.length === 0 || allowed.includes('0.0.0.0/0')) return undefined;
  try {
    const address = await ownAddress(options, variables);
    if (allowed.some((block) => covers(block, address))) return undefined;
    return new RecodeError('AddressNotAllowed', `Your address ${address} is not in the allowed blocks ${allowed.join(', ')}.`);
  } catch (error) {
    // It only explains why a connection fails. That the connection fails is told anyway.
    if (error instanceof RecodeError) return undefined;
    throw error;
  }
}

async function ask(service: string, variables: NodeJS.ProcessEnv): Promise<string> {
  const signal = AbortSignal.timeout(patienceSeconds * 1000);
  const fetch = await openFetch(variables);
  try {
    const response = await fetch(service, { signal });
    if (response.ok) return (await beginningOf(response)).trim();
    throw new RecodeError('PublicAddressUnknown', `${service} answered with HTTP status ${response.status}.`);
  } catch (error) {
    if (error instanceof RecodeError || !(error instanceof Error)) throw error;
    const reason = signal.aborted ? `did not answer within ${patienceSeconds} seconds.` : `cannot be reached. ${networkReason(error)}`;
    throw new RecodeError('PublicAddressUnknown', `${service} ${reason}`, { cause: error });
  }
}

/** An address is short. Of a page that somebody else answers with, only the beginning is read. */
async function beginningOf({ body }: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > mostCharacters) break;
  }
  return text;
}

function networkReason(error: Error): string {
  const cause = rootOf(error);
  return unreachable(cause)?.message ?? `The connection failed: ${cause.message.replace(/\.?$/, '.')}`;
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);
