import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import type { Call } from './operation.ts';

/** The range of MaxResults. */
export interface PageSize {
  readonly minimum: number;
  readonly maximum: number;
}

/** The range of most Describe actions. */
export const usualPageSize: PageSize = { minimum: 5, maximum: 1000 };

interface PagedInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

const Position = v.strictObject({ request: v.string(), after: v.string() });

/**
 * One page of the items. `key` orders them, so that a page starts at the right place even if the last item of the page before is gone.
 * Throws `InvalidParameterValue` for a MaxResults out of range, and for a token of another request.
 */
export function paginated<T>(
  call: Pick<Call, 'action'>,
  input: PagedInput,
  items: readonly T[],
  key: (item: T) => string,
  size: PageSize = usualPageSize,
): { page: T[]; NextToken: string | undefined } {
  const { MaxResults, NextToken } = input;
  if (MaxResults === undefined && NextToken === undefined) return { page: [...items], NextToken: undefined };
  checkPageSize(MaxResults, size);
  const request = requestDigest(call.action, input);
  const after = NextToken === undefined ? undefined : positionOf(NextToken, request);
  const rest = items
    .map((item) => ({ item, key: key(item) }))
    .filter((entry) => after === undefined || entry.key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = rest.slice(0, MaxResults ?? size.maximum);
  const last = page.at(-1);
  return {
    page: page.map(({ item }) => item),
    NextToken: last && rest.length > page.length ? token({ request, after: last.key }) : undefined,
  };
}

function checkPageSize(given: number | undefined, { minimum, maximum }: PageSize): void {
  if (given === undefined || (Number.isInteger(given) && given >= minimum && given <= maximum)) return;
  throw new AwsFailure(
    'InvalidParameterValue',
    `Value ( ${given} ) for parameter maxResults is invalid. Expecting a value between ${minimum} and ${maximum}.`,
  );
}

/** Identifies a request independent of its page, so that a token is valid only for its request. */
function requestDigest(action: string, { MaxResults, NextToken, ...rest }: PagedInput): string {
  return createHash('sha256')
    .update(JSON.stringify([action, rest]))
    .digest('base64url')
    .slice(0, 22);
}

function token(position: v.InferOutput<typeof Position>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function positionOf(nextToken: string, request: string): string {
  const position = v.safeParse(Position, parsed(nextToken));
  if (!position.success || position.output.request !== request)
    throw new AwsFailure('InvalidParameterValue', 'Unable to parse pagination token');
  return position.output.after;
}

function parsed(nextToken: string): unknown {
  try {
    return JSON.parse(Buffer.from(nextToken, 'base64url').toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
