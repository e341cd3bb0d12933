// The parts that every function has: middy and the logger.
import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';

const logger = new Logger({ serviceName: 'empty' });

export const handler = middy(async () => ({})).after(() => logger.info('done'));
