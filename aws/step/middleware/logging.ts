import { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import * as v from 'valibot';

/** What a log line takes from Lambda's context. */
interface LambdaContext {
  readonly functionName: string;
  readonly awsRequestId: string;
}

/** Logs the end of each invocation with its execution and environment: unexpected failures as errors, others as warnings. */
export function logging(): MiddlewareObj<unknown, unknown, Error, LambdaContext> {
  const logger = new Logger({ serviceName: 'recode' });
  return {
    before({ event, context }) {
      logger.resetKeys();
      logger.appendKeys({ step: context.functionName, requestId: context.awsRequestId, ...subjectOf(event) });
    },
    after: () => logger.info('done'),
    onError({ error }) {
      logger[error?.name === 'Unexpected' ? 'error' : 'warn']('failed', {
        errorName: error?.name,
        errorMessage: error?.message,
        cause: error?.cause as Error,
      });
    },
  };
}

const Environment = v.nullish(v.object({ owner: v.string(), repository: v.string() }));
const Subject = v.object({
  operation: v.optional(v.object({ executionArn: v.string() })),
  environment: Environment,
  /** In the input of BeginOperation. */
  executionArn: v.optional(v.string()),
  input: v.optional(v.object({ environment: Environment })),
  /** In an event from EventBridge. */
  detail: v.optional(v.object({ executionArn: v.optional(v.string()), 'instance-id': v.optional(v.string()) })),
});

/** What an operator searches the log for: the execution, the environment, and the instance of an event. */
function subjectOf(event: unknown): Record<string, string> {
  const parsed = v.safeParse(Subject, event);
  if (!parsed.success) return {};
  const {
    input,
    detail,
    executionArn = detail?.executionArn,
    operation = executionArn && { executionArn },
    environment = input?.environment,
  } = parsed.output;
  return {
    ...(operation && { executionArn: operation.executionArn }),
    ...(detail?.['instance-id'] !== undefined && { instanceId: detail['instance-id'] }),
    ...(environment && { environment: `${environment.owner}/${environment.repository}` }),
  };
}
