import { putEnvironment } from '../../aws/records/hold/environment.ts';
import type { Environment } from '../../core/environment.ts';
import type { TestAccount } from '../functions/account.ts';
import { recordOf } from '../functions/installed.ts';

let made = 0;

/** Records an environment of a repository of its own, so that no test meets another's. */
export async function recorded({ dynamodb }: TestAccount, fields: Partial<Environment> = {}): Promise<Environment> {
  made += 1;
  const environment = { ...recordOf({ uid: `uid-${made}`, repository: `acme/api-${made}` }), ...fields };
  await putEnvironment(dynamodb, environment);
  return environment;
}
