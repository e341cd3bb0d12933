import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { prove } from '../../cli/identity/prove.ts';
import { autoStopCaller } from '../../core/owner.ts';

/** The input of an execution in a test: its `caller` is the access key of the person who starts it. */
export type Called<Input> = Input & { readonly caller?: string };

/**
 * The input that a person's CLI starts an execution with: the proof of who they are, instead of their name. Without a caller, or of an automatic
 * stop, it has no proof.
 */
export async function proven({ endpoint }: Pick<TestAws, 'endpoint'>, executionArn: string, input: unknown): Promise<unknown> {
  if (typeof input !== 'object' || input === null || !('caller' in input)) return input;
  const { caller, ...rest } = input;
  if (caller === autoStopCaller) return rest;
  const credentials = { accessKeyId: String(caller), secretAccessKey: 'test' };
  return { ...rest, proof: await prove(executionArn, rest, { credentials, endpoint }) };
}
