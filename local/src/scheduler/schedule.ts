import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { RetryPolicy } from '../eventbridge/retry-policy.ts';
import { openPackage } from '../stack/package.ts';
import { parsed } from '../stack/parsed.ts';
import type { Stack } from '../stack/stack.ts';
import { requireJson, UnsupportedTemplate } from '../stack/template.ts';

/** A schedule that starts executions of a state machine at a regular rate. */
export interface Schedule {
  readonly name: string;
  readonly arn: string;
  readonly stateMachineArn: string;
  /** As the template has it: `rate(5 minutes)`. */
  readonly expression: string;
  readonly periodMilliseconds: number;
  /** The input of the execution that starts for an occurrence (milliseconds since the epoch). */
  inputAt(occurrence: number): string;
}

/**
 * Reads the schedules of the packaged stack in `packageDirectory` that are not disabled.
 * Throws `UnsupportedTemplate` for what AWS would refuse, and for what would not run here as on AWS.
 */
export function readSchedules(packageDirectory: string, { accountId, region, stateMachines }: Stack): Schedule[] {
  const { resolver, ofType } = openPackage(packageDirectory, { accountId, region });
  return ofType('AWS::Scheduler::Schedule').flatMap(([id, { Properties }]) => {
    const { ScheduleExpression: expression, State, Target } = parsed(Settings, resolver.resolve(Properties, id), id);
    if (!stateMachines.some(({ arn }) => arn === Target.Arn))
      throw new UnsupportedTemplate(`${id}.Target.Arn`, `${Target.Arn} is no state machine of the stack; nothing else is supported`);
    const arn = resolver.text({ 'Fn::GetAtt': [id, 'Arn'] }, id);
    const schedule: Schedule = {
      name: arn.slice(arn.lastIndexOf('/') + 1),
      arn,
      stateMachineArn: Target.Arn,
      expression,
      periodMilliseconds: periodOf(expression, `${id}.ScheduleExpression`),
      inputAt: (occurrence) => fillIn(Target.Input, arn, occurrence),
    };
    requireJson(schedule.inputAt(0), `${id}.Target.Input`);
    return State === 'ENABLED' ? [schedule] : [];
  });
}

const Settings = v.strictObject({
  Name: v.optional(v.string()),
  GroupName: v.optional(v.literal('default')),
  Description: v.optional(v.string()),
  ScheduleExpression: v.string(),
  ScheduleExpressionTimezone: v.optional(v.pipe(v.string(), v.check(isTimeZone, 'no IANA time zone'))),
  State: v.optional(v.picklist(['ENABLED', 'DISABLED']), 'ENABLED'),
  FlexibleTimeWindow: v.strictObject({ Mode: v.literal('OFF') }),
  Target: v.strictObject({ Arn: v.string(), RoleArn: v.string(), Input: v.string(), RetryPolicy: v.optional(RetryPolicy) }),
});

const minute = 60_000;
const units: Readonly<Record<string, number>> = { minute, hour: 60 * minute, day: 24 * 60 * minute };

function periodOf(expression: string, where: string): number {
  const [, value, unit = ''] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const length = units[unit];
  if (value === undefined || length === undefined)
    throw new UnsupportedTemplate(where, `the embedded AWS runs rate(5 minutes) and the like only, not ${expression}`);
  return Number(value) * length;
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function fillIn(input: string, arn: string, occurrence: number): string {
  const attributes: Readonly<Record<string, string>> = {
    'schedule-arn': arn,
    'scheduled-time': new Date(occurrence).toISOString().replace(/\.\d+/, ''),
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  return input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name: string) => attributes[name] ?? keyword);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
