import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsFailure, type AwsRequest } from '../service.ts';
import type { Scope } from './scope.ts';

/** What an access key signs with. */
export interface Secret {
  readonly secretAccessKey: string;
  /** Of temporary credentials: each request has it. */
  readonly sessionToken?: string | undefined;
}

/** What a request has to prove. */
export interface SignatureRules {
  /** What its key signs with; undefined accepts any signature. */
  readonly secret: Secret | undefined;
  /** Milliseconds since the epoch, by the clock of the caller. */
  readonly now: number;
}

const minute = 60_000;
/** How far the time of a signature may differ, as the messages that STS answers have it. */
const toleranceMinutes = 15;

/**
 * Why AWS refuses the signature of a request (Signature Version 4, in the Authorization header); undefined if it does not. The texts are those
 * that AWS answers: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
 */
export function signatureFailure(request: AwsRequest, { service }: Scope, rules: SignatureRules): AwsFailure | undefined {
  const { headers } = request;
  const fields = fieldsOf(headers.authorization ?? '');
  const time = String(headers['x-amz-date'] ?? '');
  const missing = [
    ...['Credential', 'Signature', 'SignedHeaders']
      .filter((name) => !fields.has(name))
      .map((name) => `Authorization header requires '${name}' parameter.`),
    ...(time === '' ? ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."] : []),
  ];
  if (missing.length > 0) return incomplete(service, `${missing.join(' ')} Authorization=${(headers.authorization ?? '').split(' ')[0]}`);
  const signedAt = timeOf(time);
  if (signedAt === undefined)
    return incomplete(service, `Date must be in ISO-8601 'basic format'. Got '${time}'. See http://en.wikipedia.org/wiki/ISO_8601`);

  const credential = (fields.get('Credential') ?? '').split('/');
  const [, date = ''] = credential;
  if (!time.startsWith(date)) {
    const from = `from HTTP: '${date}' != '${time.slice(0, 8)}', from '${time}'.`;
    return mismatch(service, `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date ${from}`);
  }
  const late = outsideOf(signedAt, rules.now);
  if (late !== undefined) return expired(service, late);

  const names = (fields.get('SignedHeaders') ?? '').split(';');
  if (!names.includes('host')) return mismatch(service, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  if (!rules.secret) return undefined;
  if (rules.secret.sessionToken !== undefined && headers['x-amz-security-token'] !== rules.secret.sessionToken)
    return invalidToken(service);
  const expected = signature(request, { credential, time, names }, rules.secret.secretAccessKey);
  return isSame(expected, fields.get('Signature') ?? '') ? undefined : mismatch(service, doesNotMatch);
}

const doesNotMatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** The signature of a request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signature(
  { method, path, headers, body }: AwsRequest,
  { credential, time, names }: { readonly credential: readonly string[]; readonly time: string; readonly names: readonly string[] },
  secretAccessKey: string,
): string {
  const [, ...scope] = credential;
  const canonical = [
    method,
    ...canonicalPath(path),
    ...names.map((name) => `${name}:${canonicalValue(headers[name])}`),
    '',
    names.join(';'),
    hash(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  return hmac(key, toSign).toString('hex');
}

/** The path and the query, as two lines. The path is encoded once more, as for all services but S3. */
function canonicalPath(path: string): [path: string, query: string] {
  const [folder = '/', ...query] = path.split('?');
  const parameters = [...new URLSearchParams(query.join('?'))].map((pair) => pair.map(encoded).join('='));
  return [folder.split('/').map(encoded).join('/'), parameters.sort().join('&')];
}

const canonicalValue = (value: string | readonly string[] | undefined) => [value ?? ''].flat().join(',').trim().replace(/ +/g, ' ');

const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

function isSame(expected: string, given: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

function fieldsOf(authorization: string): Map<string, string> {
  const pairs = authorization.replace(/^\S+\s+/, '').split(/,\s*/);
  return new Map(
    pairs.flatMap((pair): [string, string][] => {
      const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(pair) ?? [];
      return name === '' ? [] : [[name, value]];
    }),
  );
}

function timeOf(text: string): number | undefined {
  const [, year, month, day, hour, minutes, seconds] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minutes}:${seconds}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** The message for a signature whose time is too far from now. */
function outsideOf(signedAt: number, now: number): string | undefined {
  const [earliest, latest] = [now - toleranceMinutes * minute, now + toleranceMinutes * minute];
  if (signedAt < earliest) {
    return `Signature expired: ${basic(signedAt)} is now earlier than ${basic(earliest)} (${basic(now)} - ${toleranceMinutes} min.)`;
  }
  if (signedAt > latest) {
    return `Signature not yet current: ${basic(signedAt)} is still later than ${basic(latest)} (${basic(now)} + ${toleranceMinutes} min.)`;
  }
  return undefined;
}

const basic = (time: number) => `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

// The same fault has another code and status in each protocol.
const incomplete = (service: string, message: string) =>
  isJson(service) ? new AwsFailure('IncompleteSignatureException', message) : new AwsFailure('IncompleteSignature', message);

function mismatch(service: string, message: string): AwsFailure {
  if (isJson(service)) return new AwsFailure('InvalidSignatureException', message);
  return service === 'ec2' ? notValidated() : new AwsFailure('SignatureDoesNotMatch', message, 403);
}

const expired = (service: string, message: string) =>
  service === 'ec2' ? new AwsFailure('RequestExpired', 'Request has expired.') : mismatch(service, message);

function invalidToken(service: string): AwsFailure {
  const message = 'The security token included in the request is invalid.';
  if (isJson(service)) return new AwsFailure('UnrecognizedClientException', message);
  return service === 'ec2' ? notValidated() : new AwsFailure('InvalidClientTokenId', message, 403);
}

const notValidated = () => new AwsFailure('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);

const isJson = (service: string) => service !== 'ec2' && service !== 'sts';
