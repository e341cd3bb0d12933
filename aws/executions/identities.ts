import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { RecodeError } from '../../core/errors.ts';
import { ownerOf } from '../../core/owner.ts';
import { arnIn, type IdentityRequest, type Proof, refusalIn, signedRequest } from '../../core/proof.ts';
import { meaningOf, translate } from '../errors.ts';
import { during } from '../step/stopwatch.ts';

/** Who has started an execution, as STS says. */
export interface Starter {
  /** Whose environments are their own. */
  readonly owner: string;
  /** The ARN of the identity. */
  readonly arn: string;
}

/** An execution with the proof of who started it. */
export interface Proven {
  /** As Step Functions names it, never as its input does. */
  readonly executionArn: string;
  /** Its whole input, as it was given. */
  readonly signed: unknown;
  readonly proof: Proof | undefined;
}

/** STS, for a step that has to know who started its execution. */
export interface Identities {
  /**
   * Asks STS who has signed the proof of an execution.
   *
   * @throws RecodeError ProofMissing, ProofNotValid, ProofExpired, CallerWithoutLastingName, RequestThrottled, AwsUnavailable
   */
  starterOf(execution: Proven): Promise<Starter>;
}

/** Where STS is, as Lambda's environment has it. */
export interface Place {
  /** The endpoint that answers for all of AWS; AWS's own for the region by default. */
  readonly endpoint?: string | undefined;
  /** Whether only FIPS endpoints may be asked. */
  readonly fips?: boolean;
}

/** For a step, by the variables that AWS's own SDKs read. */
export function identities(): Identities {
  const { AWS_ENDPOINT_URL_STS: ofSts, AWS_ENDPOINT_URL: ofAll, AWS_USE_FIPS_ENDPOINT: fips } = process.env;
  return identitiesAt({ endpoint: ofSts || ofAll || undefined, fips: fips?.toLowerCase() === 'true' });
}

/** STS at a place. */
export function identitiesAt({ endpoint, fips = false }: Place): Identities {
  // A step that waits asks once.
  let known: { readonly signature: string; readonly starter: Starter } | undefined;
  return {
    async starterOf({ executionArn, signed, proof }) {
      if (!proof) throw new RecodeError('ProofMissing', 'This execution has no proof of who started it.');
      if (fips && !proof.fips) {
        throw new RecodeError('ProofNotValid', 'The control plane may only ask FIPS endpoints, and the proof is for another one of STS.');
      }
      const request = signedRequest(proof, { executionArn, input: signed, endpoint });
      const signature = JSON.stringify(request);
      if (known?.signature === signature) return known.starter;
      const arn = await during('proof', () => ask(request));
      const [, partition, , , account] = executionArn.split(':');
      const [, ofPartition, , , ofAccount] = arn.split(':');
      if (ofAccount !== account || ofPartition !== partition) {
        throw new RecodeError('ProofNotValid', `${arn} started this execution, which is not of the account ${account}.`);
      }
      const starter = { owner: ownerOf(arn), arn };
      known = { signature, starter };
      return starter;
    },
  };
}

// It changes nothing, so it is sent again after a lost answer.
const attempts = 2;

async function ask(request: IdentityRequest): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(request);
    } catch (error) {
      if (meaningOf(error) === 'unavailable' && attempt < attempts) continue;
      throw inWords(error);
    }
  }
}

async function askOnce(request: IdentityRequest): Promise<string> {
  const { status, text } = await send(request);
  const arn = status === 200 ? arnIn(text) : undefined;
  if (arn !== undefined) return arn;
  const { code = 'ServiceUnavailable', message = `STS has answered with the HTTP status ${status}` } = refusalIn(text) ?? {};
  throw Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
}

function inWords(error: unknown): RecodeError {
  const meaning = meaningOf(error);
  const { name, message } = translate(error);
  if (meaning === 'throttled' || meaning === 'unavailable') return new RecodeError(name, message, { cause: error });
  if (meaning === 'expired' || meaning === 'clock') {
    return new RecodeError('ProofExpired', `The proof of who started this execution has expired. ${message}`, { cause: error });
  }
  return new RecodeError('ProofNotValid', `STS does not accept the proof of who started this execution. ${message}`, { cause: error });
}

const longestMilliseconds = 5_000;
const longestAnswer = 65_536;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends a request over a connection of its own. It follows no redirect, and trusts only a server whose certificate is valid for the host.
 * Rejects with a TimeoutError after five seconds, also if the answer only trickles, and for an answer that is too long.
 */
function send({ origin, method, path, headers, body }: IdentityRequest): Promise<Answer> {
  const { protocol, hostname, port } = new URL(origin);
  const open = protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const request: ClientRequest = open({
      hostname,
      port,
      method,
      path,
      agent: false,
      headers: { ...headers, 'content-length': body.length },
    });
    const end = (error: Error) => {
      clearTimeout(timer);
      reject(error);
      request.destroy();
    };
    const unavailable = (message: string) => end(Object.assign(new Error(message), { name: 'TimeoutError' }));
    const timer = setTimeout(() => unavailable('STS has not answered'), longestMilliseconds);
    request.once('error', end);
    request.once('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.once('error', end);
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > longestAnswer) unavailable('The answer of STS is too long');
        else chunks.push(chunk);
      });
      response.once('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(body);
  });
}
