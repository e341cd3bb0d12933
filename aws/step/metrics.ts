import { Metrics } from '@aws-lambda-powertools/metrics';

/** CloudWatch metrics of the namespace that the stack's alarms watch, written into the function's log. */
export const metrics = () => new Metrics({ namespace: 'Recode', serviceName: 'recode' });
