import * as v from 'valibot';
import { AwsFailure, type AwsRequest, type AwsResponse, type Service } from '../service.ts';
import products from './products.json' with { type: 'json' };

/** The supported actions, and the supported members of each request. All others are refused. */
export const requests = {
  GetProducts: v.strictObject({
    ServiceCode: v.string(),
    // The other types, such as CONTAINS, are not supported.
    Filters: v.optional(v.array(v.strictObject({ Type: v.literal('TERM_MATCH'), Field: v.string(), Value: v.string() })), []),
    FormatVersion: v.optional(v.literal('aws_v1'), 'aws_v1'),
    MaxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 100),
    NextToken: v.optional(v.string()),
  }),
};
type Query = v.InferOutput<typeof requests.GetProducts>;

// https://docs.aws.amazon.com/general/latest/gr/billing.html
const endpoints = ['us-east-1', 'eu-central-1', 'ap-south-1'];

interface Listed {
  readonly service: string;
  /** What filters may name. */
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** The product as JSON. */
  readonly text: string;
}
const listed: readonly Listed[] = products.map((entry) => {
  const { productFamily, attributes, sku } = entry.product as {
    readonly productFamily?: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly sku: string;
  };
  const service = entry.serviceCode;
  return {
    service,
    fields: { ...attributes, productFamily, sku, serviceCode: service, ServiceCode: service },
    text: JSON.stringify(entry),
  };
});
const services = [...new Set(listed.map(({ service }) => service))];

/** AWS's price list, with the products of products.json. It supports GetProducts. */
export function createPricing(): Service {
  return {
    action: actionOf,
    async handle(request) {
      const action = actionOf(request);
      if (action !== 'GetProducts') throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support pricing:${action}.`);
      if (!endpoints.includes(request.region)) {
        const where = `only in ${endpoints.join(', ')}`;
        throw new AwsFailure('UnsupportedOperation', `The price list has no endpoint in the region ${request.region}, ${where}.`);
      }
      return response(200, request, pageOf(parsed(request.body.toString('utf8'))));
    },
    failure: ({ code, message, status }, request) => response(status, request, { __type: code, message }),
  };
}

function pageOf({ ServiceCode, Filters, FormatVersion, MaxResults, NextToken }: Query): object {
  if (!services.includes(ServiceCode)) {
    throw new AwsFailure(
      'UnsupportedOperation',
      `The embedded AWS has no price list of ${ServiceCode}, only of ${services.join(' and ')}.`,
    );
  }
  const found = listed.filter(
    ({ service, fields }) =>
      service === ServiceCode && Filters.every(({ Field, Value }) => Object.hasOwn(fields, Field) && fields[Field] === Value),
  );
  const query = JSON.stringify([ServiceCode, Filters]);
  const begin = NextToken === undefined ? 0 : found.findIndex((_, index) => tokenOf(query, index) === NextToken);
  // A token is that of a page after the first.
  if (begin === -1)
    throw new AwsFailure('InvalidNextTokenException', 'The pagination token is invalid. Try again without a pagination token.');
  const end = begin + MaxResults;
  return {
    FormatVersion,
    PriceList: found.slice(begin, end).map(({ text }) => text),
    ...(end < found.length && { NextToken: tokenOf(query, end) }),
  };
}

const tokenOf = (query: string, begin: number) => Buffer.from(JSON.stringify([query, begin])).toString('base64url');

function parsed(body: string): Query {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), requests.GetProducts), body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new AwsFailure('InvalidParameterException', `${v.getDotPath(issue) ?? 'The request'}: ${issue.message}`);
}

function actionOf({ headers }: AwsRequest): string {
  const [, action] = /^AWSPriceListService\.(\w+)$/.exec(String(headers['x-amz-target'])) ?? [];
  if (!action) throw new AwsFailure('UnknownOperationException', 'The request has no action of the price list.', 404);
  return action;
}

function response(status: number, { id }: AwsRequest, body: object): AwsResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': id }, body: JSON.stringify(body) };
}
