import type { IncomingHttpHeaders } from 'node:http';
import { AwsFailure, type AwsRequest, type AwsResponse } from '../service.ts';

/** The SigV4 credential scope of a request. */
export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
  /** The service's signing name, for example `ec2`. */
  readonly service: string;
}

/** Reads `Credential=<key>/<date>/<region>/<service>/aws4_request` from the Authorization header; undefined if it is missing or malformed. */
export function scopeOf(headers: IncomingHttpHeaders): Scope | undefined {
  const [, accessKeyId, region, service] =
    /^AWS4-HMAC-SHA256 .*\bCredential=([^/,\s]+)\/\d{8}\/([^/,\s]+)\/([^/,\s]+)\/aws4_request\b/.exec(headers.authorization ?? '') ?? [];
  return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
}

/** The probable service of a request without credentials. */
export function guessService({ headers, body }: AwsRequest): string | undefined {
  const target = String(headers['x-amz-target'] ?? '');
  if (target.startsWith('DynamoDB_')) return 'dynamodb';
  if (target.startsWith('AWSStepFunctions.')) return 'states';
  if (target.startsWith('AWSPriceListService.')) return 'pricing';
  if (!isForm(headers)) return undefined;
  const version = new URLSearchParams(body.toString('latin1')).get('Version');
  return version === '2016-11-15' ? 'ec2' : version === '2011-06-15' ? 'sts' : undefined;
}

/** AWS's refusal of a request without credentials, or with malformed ones. */
export function credentialFailure({ headers }: AwsRequest): AwsFailure {
  // Error names end with Exception in the JSON protocols, but not in the Query protocols.
  const ending = headers['x-amz-target'] === undefined ? '' : 'Exception';
  if (headers.authorization === undefined) {
    return new AwsFailure(`MissingAuthenticationToken${ending}`, 'Request is missing Authentication Token', ending ? 400 : 403);
  }
  return new AwsFailure(
    `IncompleteSignature${ending}`,
    'The Authorization header has no Credential=<access key>/<date>/<region>/<service>/aws4_request of algorithm AWS4-HMAC-SHA256.',
  );
}

/** A failure without a service, in the wire format that the client probably expects. */
export function bareFailure(
  { code, message, status }: AwsFailure,
  { id, headers }: Pick<AwsRequest, 'id' | 'headers'>,
  service?: string,
): AwsResponse {
  if (isForm(headers)) {
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
    return xml(status, `<ErrorResponse>${error}<RequestId>${id}</RequestId></ErrorResponse>`);
  }
  if (service === 's3') return xml(status, `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`);
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message }),
  };
}

function isForm(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
}

function xml(status: number, body: string): AwsResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
