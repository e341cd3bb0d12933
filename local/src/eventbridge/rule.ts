import * as v from 'valibot';
import type { StackFunction } from '../lambda/functions.ts';
import type { Template } from '../stack/template.ts';
import { UnsupportedTemplate } from '../stack/unsupported.ts';
import { type Event, stateChange, statusChange } from './event.ts';
import { compilePattern } from './pattern.ts';

/** A rule that passes events to functions of the stack. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  matches(event: Event): boolean;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly functionArn: string;
  /** Whether the stack has an `AWS::Lambda::Permission` that lets the rule invoke the function. */
  readonly permitted: boolean;
}

const Properties = v.strictObject({
  EventPattern: v.record(v.string(), v.unknown()),
  Targets: v.array(v.strictObject({ Id: v.string(), Arn: v.string() })),
});
const Permission = v.strictObject({
  Action: v.literal('lambda:InvokeFunction'),
  FunctionName: v.string(),
  Principal: v.string(),
  SourceArn: v.string(),
});

/** Reads the rules of the packaged stack. Throws `UnsupportedTemplate`. */
export function readRules(template: Template, functions: readonly StackFunction[]): Rule[] {
  const permissions = template.resources('AWS::Lambda::Permission', Permission).map(([, permission]) => permission);
  const permits = (ruleArn: string, { name, arn }: StackFunction) =>
    permissions.some(
      ({ FunctionName, Principal, SourceArn }) =>
        Principal === 'events.amazonaws.com' && SourceArn === ruleArn && (FunctionName === name || FunctionName === arn),
    );
  return template.resources('AWS::Events::Rule', Properties, ['Description']).map(([id, { EventPattern, Targets }]) => {
    const arn = template.arnOf(id);
    checkPattern(EventPattern, template, `${id}.EventPattern`);
    const targets = Targets.map((target, index): Target => {
      const lambda = functions.find((one) => one.arn === target.Arn);
      if (!lambda) throw new UnsupportedTemplate(`${id}.Targets.${index}.Arn`, `${target.Arn} is not a function of the stack`);
      return { functionArn: lambda.arn, permitted: permits(arn, lambda) };
    });
    return { name: id, arn, matches: compilePattern(EventPattern, `${id}.EventPattern`), targets };
  });
}

/** Throws `UnsupportedTemplate` for a pattern of events that never occur here. */
function checkPattern(pattern: Readonly<Record<string, unknown>>, { accountId, region }: Template, where: string): void {
  const at = `arn:aws:states:${region}:${accountId}`;
  const execution = { executionArn: `${at}:execution:a:b`, stateMachineArn: `${at}:stateMachine:a`, name: 'b', startDate: 0, input: '{}' };
  let samples: Event[] = [
    statusChange(execution, { accountId, region, now: 0 }),
    stateChange({ id: 'i-1', state: 'running', at: 0 }, { accountId, region }),
  ];
  for (const member of ['source', 'detail-type'] as const) {
    if (!(member in pattern)) continue;
    const matched = samples.filter(compilePattern({ [member]: pattern[member] }, where));
    const known = samples.map((sample) => sample[member]).join(' and ');
    if (matched.length === 0)
      throw new UnsupportedTemplate(`${where}.${member}`, `the embedded AWS has only events of the ${member} ${known}`);
    samples = matched;
  }
}
