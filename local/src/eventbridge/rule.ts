import * as v from 'valibot';
import { openPackage, type Package } from '../stack/package.ts';
import { parsed } from '../stack/parsed.ts';
import type { Stack } from '../stack/stack.ts';
import { UnsupportedTemplate } from '../stack/template.ts';
import { type StatusChange, statusChange } from './event.ts';
import { compileInput, type Input, inputSettings } from './input.ts';
import { compilePattern } from './pattern.ts';
import { type Permission, readPermissions } from './permission.ts';
import { RetryPolicy } from './retry-policy.ts';

/** A rule that passes events of Step Functions on to functions of the stack. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  matches(event: StatusChange): boolean;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly functionArn: string;
  readonly input: Input;
  /** Whether the function's permissions let the rule invoke it. */
  readonly permitted: boolean;
}

/**
 * Reads the rules of the packaged stack in `packageDirectory` that are not disabled.
 * Throws `UnsupportedTemplate` for what AWS would refuse, and for what would not run here as on AWS.
 */
export function readRules(packageDirectory: string, stack: Stack): Rule[] {
  const opened = openPackage(packageDirectory, stack);
  const permissions = readPermissions(opened, stack);
  return opened.ofType('AWS::Events::Rule').flatMap(([id, { Properties }]) => {
    const settings = parsed(Settings, opened.resolver.resolve(Properties, id), id);
    const rule = ruleOf(id, settings, { opened, stack, permissions });
    return settings.State === 'ENABLED' ? [rule] : [];
  });
}

const Settings = v.strictObject({
  Name: v.optional(v.string()),
  Description: v.optional(v.string()),
  EventBusName: v.optional(v.literal('default')),
  EventPattern: v.record(v.string(), v.unknown()),
  State: v.optional(v.picklist(['ENABLED', 'DISABLED']), 'ENABLED'),
  Tags: v.optional(v.unknown()),
  Targets: v.array(v.strictObject({ Id: v.string(), Arn: v.string(), RetryPolicy: v.optional(RetryPolicy), ...inputSettings })),
});

function ruleOf(
  id: string,
  { EventPattern, Targets }: v.InferOutput<typeof Settings>,
  { opened, stack, permissions }: { opened: Package; stack: Stack; permissions: readonly Permission[] },
): Rule {
  const arn = opened.resolver.text({ 'Fn::GetAtt': [id, 'Arn'] }, id);
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const sample = sampleOf(stack);
  const matches = compilePattern(EventPattern, `${id}.EventPattern`);
  for (const member of ['source', 'detail-type'] as const) {
    if (!(member in EventPattern)) continue;
    if (!compilePattern({ [member]: EventPattern[member] }, `${id}.EventPattern`)(sample))
      throw new UnsupportedTemplate(`${id}.EventPattern.${member}`, `the embedded AWS has events of the ${member} ${sample[member]} only`);
  }
  const targets = Targets.map((target, index): Target => {
    const where = `${id}.Targets.${index}`;
    const lambda = stack.functions.find((one) => one.arn === target.Arn);
    if (!lambda) throw new UnsupportedTemplate(`${where}.Arn`, `${target.Arn} is no function of the stack; nothing else is supported`);
    return {
      functionArn: lambda.arn,
      input: compileInput(target, { name, arn }, sample, where),
      permitted: permissions.some((permission) => permission.admits('events.amazonaws.com', lambda, arn)),
    };
  });
  return { name, arn, matches, targets };
}

/** An event with the members that all of them have. */
function sampleOf({ accountId, region }: Stack): StatusChange {
  const at = `arn:aws:states:${region}:${accountId}`;
  const execution = { executionArn: `${at}:execution:a:b`, stateMachineArn: `${at}:stateMachine:a`, name: 'b', startDate: 0, input: '{}' };
  return statusChange(execution, { accountId, region, now: 0 });
}
