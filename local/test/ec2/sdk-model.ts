import * as sdk from '@aws-sdk/client-ec2';
import { type OperationModel, type OperationSchema, readSchema } from '../../src/ec2/wire.ts';

const members: Readonly<Record<string, unknown>> = sdk;
type AnyCommand = new (input: unknown) => sdk.DescribeVpcsCommand;

/** All actions of EC2 that the SDK has. */
export const sdkActions: readonly string[] = Object.keys(members).flatMap((name) => /^([A-Z]\w*)Command$/.exec(name)?.[1] ?? []);

/** The model of an action as the SDK has it, supported or not. */
export function sdkModel(action: string): OperationModel {
  return readSchema(action, members[`${action}$`] as OperationSchema);
}

/** A command of an action. Throws if the SDK has none. */
export function sdkCommand(action: string, input: unknown): sdk.DescribeVpcsCommand {
  const Command = members[`${action}Command`] as AnyCommand | undefined;
  if (!Command) throw new Error(`The SDK has no ${action}Command.`);
  return new Command(input);
}
