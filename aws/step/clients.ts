import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { SFNClient } from '@aws-sdk/client-sfn';
import { priceListOf } from '../../core/prices.ts';
import { region } from './region.ts';
import { during } from './stopwatch.ts';

// Shorter than any Lambda's timeout, so that a step fails with its own error instead of being killed.
const timeouts = { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true };
// These services answer within milliseconds, and the SDK retries. All attempts together stay below the shortest timeout.
const timeoutsOfAnAttempt = { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true };

/**
 * EC2 for a step. It sends each request once. CreateVpc and others take no client token, so the state machine retries the step, which looks
 * first.
 */
export const ec2 = () => measured(new EC2Client({ maxAttempts: 1, requestHandler: timeouts }));

/** DynamoDB for a step. The SDK may repeat a write that succeeded, so every condition allows the step's own write. */
export const dynamodb = () => measured(new DynamoDBClient({ maxAttempts: 3, requestHandler: timeoutsOfAnAttempt }));

/** Step Functions for a step that asks whether the execution holding a lock still runs, or starts an execution. */
export const sfn = () => measured(new SFNClient({ maxAttempts: 3, requestHandler: timeoutsOfAnAttempt }));

/** AWS's price list for a step, at one of its few endpoints. A page may take seconds. */
export const pricing = () =>
  measured(new PricingClient({ region: priceListOf(region())?.region ?? region(), maxAttempts: 2, requestHandler: timeouts }));

interface Measurable {
  readonly middlewareStack: {
    add(
      middleware: <Request, Answer>(next: (request: Request) => Promise<Answer>) => (request: Request) => Promise<Answer>,
      options: { readonly step: 'initialize'; readonly priority: 'high'; readonly name: string },
    ): void;
  };
}

/** The client, whose calls count as time in AWS from their beginning to their end, with all attempts. */
function measured<Client extends Measurable>(client: Client): Client {
  client.middlewareStack.add((next) => (request) => during('aws', () => next(request)), {
    step: 'initialize',
    priority: 'high',
    name: 'measured',
  });
  return client;
}
