import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { RecodeError } from './errors.ts';

/**
 * The proof of who starts an execution: a request for `sts:GetCallerIdentity` that the person has signed for this execution alone. Nobody has
 * sent it yet. The step that begins the execution sends it to STS, which answers who has signed it.
 *
 * The person and the step make the request by themselves, with `identityRequest`. Only what the person alone knows is in the proof, so nothing
 * in it can change where the request goes or what it asks.
 */
export const Proof = v.strictObject({
  /** The header `Authorization`, of Signature Version 4. */
  authorization: v.pipe(v.string(), v.maxLength(1024), v.regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'not a header')),
  /** The header `X-Amz-Date`, for example `20261130T090000Z`. */
  time: v.pipe(v.string(), v.regex(/^\d{8}T\d{6}Z$/, 'not a time such as 20261130T090000Z')),
  /** The header `X-Amz-Security-Token` of temporary credentials. It is useless without their secret key. */
  token: v.exactOptional(v.pipe(v.string(), v.maxLength(16_384), v.regex(/^[\x21-\x7e]+$/, 'not a session token'))),
  /** Whether it is for the FIPS endpoint of STS. */
  fips: v.exactOptional(v.literal(true)),
});
export type Proof = v.InferOutput<typeof Proof>;

/** What a request for the identity is made of. */
export interface Asked {
  readonly executionArn: string;
  /** The input of the execution, with or without its proof. */
  readonly input: unknown;
  readonly time: string;
  readonly token?: string | undefined;
  readonly fips?: boolean | undefined;
  /** The endpoint that answers for all of AWS, if there is one. */
  readonly endpoint?: string | undefined;
}

/** An HTTP request that has its signature or is about to get one. */
export interface IdentityRequest {
  /** `https://sts.us-east-1.amazonaws.com` */
  readonly origin: string;
  readonly method: 'POST';
  readonly path: '/';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Holds the hash of the execution that the proof is for. */
const executionHeader = 'x-recode-execution';

/** The request of a proof, all of whose headers are signed. Throws RecodeError PartitionNotSupported. */
export function identityRequest({ executionArn, input, time, token, fips, endpoint }: Asked): IdentityRequest {
  const origin = endpoint === undefined ? `https://${stsHost(executionArn, fips)}` : new URL(endpoint).origin;
  return {
    origin,
    method: 'POST',
    path: '/',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: new URL(origin).host,
      'x-amz-date': time,
      ...(token !== undefined && { 'x-amz-security-token': token }),
      [executionHeader]: executionHash(executionArn, input),
    },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  };
}

/**
 * The request of a proof with its signature, for STS to say who signed it. STS ignores a header that was not signed, so each must be.
 *
 * @throws RecodeError ProofNotValid, PartitionNotSupported
 */
export function signedRequest({ authorization, ...proof }: Proof, asked: Omit<Asked, 'time' | 'token' | 'fips'>): IdentityRequest {
  const request = identityRequest({ ...asked, ...proof });
  const [, , , region] = asked.executionArn.split(':');
  const signed =
    /^AWS4-HMAC-SHA256 Credential=[^/, ]+\/\d{8}\/([^/, ]+)\/sts\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$/.exec(
      authorization,
    );
  if (!signed) throw notValid('its signature is not one of Signature Version 4 for STS');
  if (signed[1] !== region) throw notValid(`it is for the region ${signed[1]}`);
  if (signed[2] !== Object.keys(request.headers).sort().join(';')) throw notValid(`it signs the headers ${signed[2]}`);
  return { ...request, headers: { ...request.headers, authorization } };
}

const notValid = (why: string) => new RecodeError('ProofNotValid', `The proof of who started this execution is not valid: ${why}.`);

/**
 * What a proof signs: that this execution was started, with this input, its proof left out. An execution's ARN names its account, region and
 * state machine, and no other execution of it gets the same name for 90 days.
 */
function executionHash(executionArn: string, input: unknown): string {
  return createHash('sha256')
    .update(`recode execution 1\n${executionArn}\n${canonical(withoutProof(input))}`)
    .digest('hex');
}

function withoutProof(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([name]) => name !== 'proof'));
}

/** JSON whose fields are sorted, without those that JSON leaves out. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

/** The DNS suffixes of the partitions, as in botocore's partitions.json. */
const suffixes: Readonly<Record<string, string>> = {
  aws: 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-us-gov': 'amazonaws.com',
  'aws-eusc': 'amazonaws.eu',
  'aws-iso': 'c2s.ic.gov',
  'aws-iso-b': 'sc2s.sgov.gov',
  'aws-iso-e': 'cloud.adc-e.uk',
  'aws-iso-f': 'csp.hci.ic.gov',
};

/**
 * The host of STS in the region of an execution: https://docs.aws.amazon.com/general/latest/gr/sts.html
 *
 * @throws RecodeError PartitionNotSupported
 */
export function stsHost(executionArn: string, fips = false): string {
  const [, partition = '', , region = ''] = executionArn.split(':');
  const suffix = Object.hasOwn(suffixes, partition) ? suffixes[partition] : undefined;
  if (suffix === undefined) throw new RecodeError('PartitionNotSupported', `The host of STS in the partition ${partition} is not known.`);
  // In AWS GovCloud (US), every endpoint of STS is one of FIPS.
  return `sts${fips && partition !== 'aws-us-gov' ? '-fips' : ''}.${region}.${suffix}`;
}

/** The ARN in STS's answer to GetCallerIdentity; undefined if it is another answer. No ARN has a character that XML would escape. */
export function arnIn(answer: string): string | undefined {
  const found = [...answer.matchAll(/<Arn>([^<>&\s]{1,2048})<\/Arn>/g)];
  return found.length === 1 ? found[0]?.[1] : undefined;
}

/** The code and message in STS's answer to a request that it refuses. */
export function refusalIn(answer: string): { readonly code: string; readonly message: string } | undefined {
  const [, code] = /<Code>([A-Za-z.]{1,100})<\/Code>/.exec(answer) ?? [];
  const [, message = ''] = /<Message>([^<]{0,1000})<\/Message>/.exec(answer) ?? [];
  return code === undefined
    ? undefined
    : { code, message: message.replaceAll('&apos;', "'").replaceAll('&#39;', "'").replaceAll('&quot;', '"') };
}
