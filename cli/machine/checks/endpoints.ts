import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { HttpRequest } from '@smithy/core/protocols';
import type { ClientConfig } from '../../identity/client-config.ts';
import { STSClient } from '../../identity/sts.ts';
import { unreachable } from '../../unreachable.ts';
import { type Check, ok, problem, skipped } from '../check.ts';
import { checkPatience, inTime, tookTooLong } from '../within.ts';

/** The services that commands need, with what knows their endpoints. */
const clients = { sts: STSClient, sfn: SFNClient, dynamodb: DynamoDBClient } as const;
type CalledService = keyof typeof clients;
const services = Object.keys(clients) as CalledService[];

/** What a service's endpoint has answered. */
export interface SeenEndpoint {
  readonly service: CalledService;
  readonly host: string;
  /** Why it cannot be reached. */
  readonly trouble?: string;
  /** By how many milliseconds AWS's clock is ahead of this machine's. */
  readonly clockAhead?: number;
}

const advice = 'Check the network and the region, and HTTPS_PROXY and AWS_ENDPOINT_URL if they are set.';

/** Whether the endpoints of AWS can be reached, with or without credentials. */
export function endpointsCheck(seen: readonly SeenEndpoint[], because?: string): Check {
  if (because !== undefined) return skipped('endpoints', because);
  const troubles = seen.filter(({ trouble }) => trouble !== undefined);
  const hosts = (endpoints: readonly SeenEndpoint[]) => [...new Set(endpoints.map(({ host }) => host))].join(', ');
  if (troubles.length === 0) return ok('endpoints', `Reached: ${hosts(seen)}`);
  const reasons = [...new Set(troubles.map(({ trouble = '', host }) => trouble.replace(`${host} `, 'The name ')))].join(' ');
  return problem('endpoints', `Not reached: ${hosts(troubles)}. ${reasons}`, advice);
}

/** From this on, people read wrong ages. */
const noticeable = 60_000;
/** AWS refuses a request that was signed earlier or later than this: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html */
const mostForRequests = 5 * 60_000;
/** For so long a signature counts that proves to the control plane who starts an execution. */
const mostForProofs = 15 * 60_000;

/** Whether this machine's clock is right, by the Date header of AWS's answers. */
export function clockCheck(seen: readonly SeenEndpoint[]): Check {
  const ahead = seen.find(({ clockAhead }) => clockAhead !== undefined)?.clockAhead;
  if (ahead === undefined) return skipped('clock', 'No endpoint of AWS has told the time.');
  const off = Math.abs(ahead);
  const side = ahead > 0 ? 'behind' : 'ahead of';
  if (off < noticeable) return ok('clock', 'It agrees with that of AWS');
  const says = `This machine's clock is ${minutes(off)} ${side} that of AWS.`;
  const fix = 'Set the clock (on Linux: "sudo timedatectl set-ntp true").';
  if (off <= mostForRequests) return { check: 'clock', verdict: 'warning', seen: says, nextStep: fix };
  const refused = off > mostForProofs ? 'signatures, and with them the proof of who starts an operation' : 'signatures';
  return problem('clock', `${says} AWS refuses ${refused} with this time. Recode corrects it; other programs may not.`, fix);
}

const minutes = (milliseconds: number) => {
  const number = Math.round(milliseconds / 60_000);
  return `${number} minute${number === 1 ? '' : 's'}`;
};

/**
 * Asks each endpoint for anything, without credentials: any answer shows that it can be reached.
 *
 * @throws RecodeError ProfileNotValid, AwsSettingNotValid
 */
export async function seeEndpoints(configFor: (service: CalledService) => ClientConfig): Promise<SeenEndpoint[]> {
  return Promise.all(
    services.map(async (service): Promise<SeenEndpoint> => {
      const config = configFor(service);
      const { region: Region, endpoint: Endpoint, useFipsEndpoint: UseFIPS, useDualstackEndpoint: UseDualStack } = config;
      const { endpointProvider } = new clients[service](config).config;
      const { url } = endpointProvider({ Region, UseFIPS, UseDualStack, ...(Endpoint !== undefined && { Endpoint }) });
      return { service, host: url.host, ...(await answerOf(url, config)) };
    }),
  );
}

async function answerOf(url: URL, { requestHandler }: ClientConfig): Promise<Pick<SeenEndpoint, 'trouble' | 'clockAhead'>> {
  const { protocol, hostname, port, host } = url;
  const request = new HttpRequest({
    method: 'GET',
    protocol,
    hostname,
    path: '/',
    headers: { host },
    ...(port !== '' && { port: Number(port) }),
  });
  const asked = Date.now();
  try {
    const answer = await inTime(requestHandler.handle(request, { abortSignal: AbortSignal.timeout(checkPatience) }));
    if (answer === 'late') return { trouble: tookTooLong };
    const { headers, body } = answer.response;
    (body as { destroy?: () => void }).destroy?.();
    const date = Date.parse(headers.date ?? '');
    // A date has whole seconds.
    return Number.isNaN(date) ? {} : { clockAhead: date + 500 - (asked + Date.now()) / 2 };
  } catch (error) {
    const reason = unreachable(error)?.message ?? (error as Error).message;
    return { trouble: reason.replace(/\.?$/, '.') };
  }
}
