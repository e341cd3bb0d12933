import * as v from 'valibot';
import { openPackage } from '../stack/package.ts';
import { parsed } from '../stack/parsed.ts';
import type { Stack } from '../stack/stack.ts';
import { wholeBetween } from './retry-policy.ts';

/** How Lambda repeats an asynchronous invocation of a function. */
export interface InvokeConfig {
  readonly maximumRetryAttempts: number;
  /** Nothing is repeated of what is older. */
  readonly maximumAgeMilliseconds: number;
}

/** What Lambda does for a function of which the template says nothing. */
export const usualInvokeConfig: InvokeConfig = { maximumRetryAttempts: 2, maximumAgeMilliseconds: 6 * 3_600_000 };

/** Reads the `AWS::Lambda::EventInvokeConfig` of the packaged stack's functions, by their ARNs. Throws `UnsupportedTemplate`. */
export function readInvokeConfigs(packageDirectory: string, stack: Stack): ReadonlyMap<string, InvokeConfig> {
  const { resolver, ofType } = openPackage(packageDirectory, stack);
  return new Map(
    ofType('AWS::Lambda::EventInvokeConfig').map(([id, { Properties }]) => {
      const settings = parsed(Settings, resolver.resolve(Properties, id), id);
      const lambda = stack.functions.find(({ name, arn }) => settings.FunctionName === name || settings.FunctionName === arn);
      const config = {
        maximumRetryAttempts: settings.MaximumRetryAttempts ?? usualInvokeConfig.maximumRetryAttempts,
        maximumAgeMilliseconds:
          settings.MaximumEventAgeInSeconds === undefined
            ? usualInvokeConfig.maximumAgeMilliseconds
            : settings.MaximumEventAgeInSeconds * 1000,
      };
      return [lambda?.arn ?? settings.FunctionName, config];
    }),
  );
}

const Settings = v.strictObject({
  FunctionName: v.string(),
  Qualifier: v.literal('$LATEST'),
  MaximumRetryAttempts: v.optional(wholeBetween(0, 2)),
  MaximumEventAgeInSeconds: v.optional(wholeBetween(60, 21_600)),
});
