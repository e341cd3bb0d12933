import { createHash } from 'node:crypto';
import * as model from '@aws-sdk/client-sts';
import * as v from 'valibot';
import { type Clock, reached } from '../clock.ts';
import type { Secret } from '../gateway/signature.ts';
import { createLatencySetting, type LatencySetting, profiles } from '../profiles.ts';
import { AwsFailure, type AwsRequest, type AwsResponse, type Service } from '../service.ts';

/** STS behind the gateway. */
export interface Sts extends Service {
  /** The ARN of the caller with an access key. */
  arnOf(accessKeyId: string): string;
  /** What an access key signs with; undefined if any signature is accepted. */
  secretOf(accessKeyId: string): Secret | undefined;
  /**
   * Mounted at `/_local/identities`. POST `{ accessKeyId, arn, secretAccessKey?, sessionToken? }` sets the ARN of a key and what it signs with,
   * GET shows all ARNs, DELETE forgets them. Throws `v.ValiError`.
   */
  admin(method: string, body: unknown): Readonly<Record<string, string>>;
  /** Mounted at `/_local/sts`. */
  readonly latency: LatencySetting['admin'];
}

const apiVersion = '2011-06-15';
const namespace = `https://sts.amazonaws.com/doc/${apiVersion}/`;

const Identity = v.strictObject({
  accessKeyId: v.pipe(v.string(), v.minLength(1)),
  arn: v.pipe(v.string(), v.regex(/^arn:[^:]+:(iam|sts)::\d{12}:.+$/, 'It is not an ARN of IAM or STS')),
  /** With it, the signatures of the key are verified. */
  secretAccessKey: v.exactOptional(v.pipe(v.string(), v.minLength(1))),
  /** Of temporary credentials. */
  sessionToken: v.exactOptional(v.pipe(v.string(), v.minLength(1))),
});
type Identity = v.InferOutput<typeof Identity>;

/**
 * STS. It supports only GetCallerIdentity. `ownerOf` returns the function whose sandbox has an access key. Any other key is the user of that
 * name.
 */
export function createSts(options: {
  readonly accountId: string;
  readonly ownerOf: (accessKeyId: string) => { readonly arn: string } | undefined;
  readonly clock: Clock;
}): Sts {
  const { accountId, ownerOf, clock } = options;
  const latency = createLatencySetting();
  const identities = new Map<string, Identity>();
  const arnOf = (accessKeyId: string): string =>
    identities.get(accessKeyId)?.arn ?? ownerOf(accessKeyId)?.arn ?? `arn:aws:iam::${accountId}:user/${accessKeyId}`;

  return {
    arnOf,
    secretOf(accessKeyId) {
      const { secretAccessKey, sessionToken } = identities.get(accessKeyId) ?? {};
      return secretAccessKey === undefined ? undefined : { secretAccessKey, sessionToken };
    },
    action: (request) => actionOf(parametersOf(request)),
    async handle(request) {
      await reached(clock, clock.now() + profiles[latency.get()].sts.call);
      const parameters = parametersOf(request);
      checkRequest(parameters);
      const arn = arnOf(request.accessKeyId);
      const account = arn.split(':')[4] ?? accountId;
      const result = `<Arn>${escaped(arn)}</Arn><UserId>${escaped(userIdOf(arn, account))}</UserId><Account>${account}</Account>`;
      return xml(
        200,
        request,
        `<GetCallerIdentityResponse xmlns="${namespace}"><GetCallerIdentityResult>${result}</GetCallerIdentityResult>` +
          `<ResponseMetadata><RequestId>${request.id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
      );
    },
    failure(failure, request) {
      const fault = failure.status < 500 ? 'Sender' : 'Receiver';
      const error = `<Type>${fault}</Type><Code>${escaped(failure.code)}</Code><Message>${escaped(failure.message)}</Message>`;
      return xml(
        failure.status,
        request,
        `<ErrorResponse xmlns="${namespace}"><Error>${error}</Error><RequestId>${request.id}</RequestId></ErrorResponse>`,
      );
    },
    latency: latency.admin,
    admin(method, body) {
      if (method === 'POST') {
        const identity = v.parse(Identity, body);
        identities.set(identity.accessKeyId, identity);
      }
      if (method === 'DELETE') identities.clear();
      return Object.fromEntries([...identities].map(([key, { arn }]) => [key, arn]));
    },
  };
}

function parametersOf(request: AwsRequest): Map<string, string> {
  const inPath = request.path.split('?')[1] ?? '';
  return new Map(new URLSearchParams([inPath, request.body.toString('utf8')].filter((text) => text !== '').join('&')));
}

function actionOf(parameters: ReadonlyMap<string, string>): string {
  const action = parameters.get('Action');
  if (action === undefined) throw new AwsFailure('MissingAction', 'The request must contain the parameter Action.');
  return action;
}

function checkRequest(parameters: ReadonlyMap<string, string>): void {
  const action = actionOf(parameters);
  const version = parameters.get('Version');
  if (version !== apiVersion || !Object.hasOwn(model, `${action}Command`))
    throw new AwsFailure('InvalidAction', `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`);
  if (action !== 'GetCallerIdentity')
    throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support the action ${action}.`);
  for (const name of parameters.keys())
    if (name !== 'Action' && name !== 'Version') throw new AwsFailure('UnknownParameter', `The parameter ${name} is not recognized`);
}

/** The user ID of an identity, in AWS's form. It never changes. For root, it is the ID of the account. */
function userIdOf(arn: string, account: string): string {
  const [, name = '', session] = arn.slice(arn.lastIndexOf(':') + 1).split('/');
  if (name === '') return account;
  const unique = createHash('sha256').update(`${account}:${name}`).digest('hex').slice(0, 17).toUpperCase();
  return session === undefined ? `AIDA${unique}` : `AROA${unique}:${session}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function xml(status: number, request: AwsRequest, body: string): AwsResponse {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': request.id }, body };
}
