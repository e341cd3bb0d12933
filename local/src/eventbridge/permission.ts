import * as v from 'valibot';
import { arnWildcard, wildcard } from '../iam/wildcard.ts';
import type { Package } from '../stack/package.ts';
import { parsed } from '../stack/parsed.ts';
import type { Stack, StackFunction } from '../stack/stack.ts';

/** What one `AWS::Lambda::Permission` of the stack allows. */
export interface Permission {
  /** Whether it lets a service invoke a function on behalf of a resource. */
  admits(service: string, lambda: StackFunction, sourceArn: string): boolean;
}

/** Reads the permissions of the packaged stack's functions. Throws `UnsupportedTemplate`. */
export function readPermissions({ resolver, ofType }: Package, { accountId }: Stack): Permission[] {
  return ofType('AWS::Lambda::Permission').map(([id, { Properties }]) => {
    const { Action, FunctionName, Principal, SourceArn, SourceAccount } = parsed(Settings, resolver.resolve(Properties, id), id);
    const isInvoking = wildcard(Action, { ignoreCase: true })('lambda:InvokeFunction');
    const isSource = SourceArn === undefined ? () => true : arnWildcard(SourceArn);
    const ofAccount = SourceAccount === undefined || SourceAccount === accountId;
    return {
      admits: (service, { name, arn }, sourceArn) =>
        isInvoking && Principal === service && (FunctionName === name || FunctionName === arn) && ofAccount && isSource(sourceArn),
    };
  });
}

const Settings = v.strictObject({
  Action: v.string(),
  FunctionName: v.string(),
  Principal: v.string(),
  SourceAccount: v.optional(v.string()),
  SourceArn: v.optional(v.string()),
});
