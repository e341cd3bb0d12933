import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { defaultLatency, type Latency, LatencySettings } from '../profiles.ts';
import { AwsFailure, type AwsResponse } from '../service.ts';

/** A setting for tests at `/_local/<name>`. It handles GET, POST with a JSON body, and DELETE. Its result is sent as JSON. */
export type Admin = (method: string, body: unknown) => unknown;

/** Answers a request to `/_local/<name>`. If the setting does not accept the body (a valibot error), the answer is a 400 that says why. */
export async function answerAdmin(
  admin: Readonly<Record<string, Admin>>,
  method: string,
  path: string,
  body: Buffer,
): Promise<AwsResponse> {
  const name = path.slice('/_local/'.length).replace(/\?.*$/, '');
  const setting = Object.hasOwn(admin, name) ? admin[name] : undefined;
  if (!setting) return json(404, { message: `There is no /_local/${name}. Use one of ${Object.keys(admin).sort().join(', ')}.` });
  if (!['GET', 'POST', 'DELETE'].includes(method)) return json(405, { message: `/_local/${name} supports GET, POST and DELETE.` });

  let input: unknown;
  try {
    input = body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
  } catch (error) {
    return json(400, { message: `The body sent to /_local/${name} is not JSON: ${(error as Error).message}` });
  }
  try {
    return json(200, (await setting(method, input)) ?? {});
  } catch (error) {
    if (v.isValiError(error)) return json(400, { message: `Invalid body for /_local/${name}. ${error.issues.map(sentence).join(' ')}` });
    if (error instanceof AwsFailure) return json(error.status, { message: error.message });
    throw error;
  }
}

export function json(status: number, body: unknown): AwsResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/**
 * `/_local/clock`: POST `{ advanceMilliseconds?, rate?, skips? }` moves the clock forward, sets its rate, or lets it skip the time in which
 * nothing works. The result is `{ now, rate, skips }`.
 */
export function clockAdmin(clock: Clock): Admin {
  return (method, body) => {
    if (method === 'POST') {
      const { advanceMilliseconds, rate, skips } = v.parse(ClockSettings, body);
      if (rate !== undefined) clock.setRate(rate);
      if (advanceMilliseconds !== undefined) clock.advance(advanceMilliseconds);
      if (skips !== undefined) clock.setSkips(skips);
    }
    return { now: clock.now(), rate: clock.rate(), skips: clock.skips() };
  };
}

const ClockSettings = v.strictObject({
  advanceMilliseconds: v.optional(v.pipe(v.number(), v.minValue(0))),
  rate: v.optional(v.pipe(v.number(), v.gtValue(0))),
  skips: v.optional(v.boolean()),
});

/**
 * `/_local/latency`: POST `{ latency }` changes the latency of these services, DELETE resets it. The result is the latency of each. Each of
 * them also has it as its own setting.
 */
export function latencyAdmin<Name extends string>(
  services: Readonly<Record<Name, (method: string, body: unknown) => { readonly latency: Latency }>>,
): Admin {
  return (method, body) => {
    const latency = method === 'POST' ? v.parse(LatencySettings, body).latency : method === 'DELETE' ? defaultLatency : undefined;
    const ofEach = Object.entries<Admin>(services).map(([name, setting]) => {
      const { latency: now } = (latency === undefined ? setting('GET', undefined) : setting('POST', { latency })) as { latency: Latency };
      return [name, now];
    });
    return Object.fromEntries(ofEach);
  };
}

function sentence(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? `${issue.message}.` : `${path}: ${issue.message}.`;
}
