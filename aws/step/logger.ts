import { Logger } from '@aws-lambda-powertools/logger';

/** The log of a function, for what a step has to tell an administrator although it goes on. */
export const logger = () => new Logger({ serviceName: 'recode' });
