import { AwsFailure } from '../service.ts';
import names from './catalog/actions.json' with { type: 'json' };
import * as schemas from './schemas.ts';
import { type OperationModel, type OperationSchema, readSchema } from './wire.ts';

const supported: Readonly<Record<string, OperationSchema | undefined>> = schemas;
const all: ReadonlySet<string> = new Set(names);

/** The model of an action. Throws `InvalidAction` for an action that EC2 does not have, `UnsupportedOperation` for one without a schema. */
export function operationModel(action: string): OperationModel {
  const schema = supported[`${action}$`];
  if (schema) return readSchema(action, schema);
  if (!all.has(action)) throw new AwsFailure('InvalidAction', `The action ${action} is not valid for this web service.`);
  throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support the action ${action}.`);
}
