import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';

// Shorter than any Lambda's time-out, so that a step fails by its own words, not by being killed.
const timeouts = { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true };
// These answer within milliseconds, and are asked again: all attempts together stay below the shortest time-out.
const timeoutsOfAnAttempt = { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true };

/**
 * EC2 for a step. It sends each request once: CreateVpc and others take no client token, so a repeat has to look first, and
 * repeating is the state machine's part.
 */
export const ec2 = () => new EC2Client({ maxAttempts: 1, requestHandler: timeouts });

/** DynamoDB for a step. The SDK may repeat a write that succeeded: each condition of ours admits our own write. */
export const dynamodb = () => new DynamoDBClient({ maxAttempts: 3, requestHandler: timeoutsOfAnAttempt });

/** Step Functions for a step that asks whether the execution that holds a lock still runs. */
export const sfn = () => new SFNClient({ maxAttempts: 3, requestHandler: timeoutsOfAnAttempt });
