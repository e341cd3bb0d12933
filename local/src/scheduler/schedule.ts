import * as v from 'valibot';
import type { Template } from '../stack/template.ts';
import { requireJson, UnsupportedTemplate } from '../stack/unsupported.ts';
import type { StackStateMachine } from '../step-functions/state-machines.ts';

/** A schedule that starts executions of a state machine at a regular rate. */
export interface Schedule {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly stateMachineArn: string;
  /** As in the template: `rate(5 minutes)`. */
  readonly expression: string;
  readonly periodMilliseconds: number;
  /** The input of each execution, as JSON. */
  readonly input: string;
}

const Properties = v.strictObject({
  ScheduleExpression: v.string(),
  FlexibleTimeWindow: v.strictObject({ Mode: v.literal('OFF') }),
  Target: v.strictObject({ Arn: v.string(), RoleArn: v.string(), Input: v.string() }),
});

/** Reads the schedules of the packaged stack. Throws `UnsupportedTemplate`. */
export function readSchedules(template: Template, stateMachines: readonly StackStateMachine[]): Schedule[] {
  // Scheduler retries a start that fails, and none fails here.
  const ignored = ['Description', 'Target.RetryPolicy'];
  return template.resources('AWS::Scheduler::Schedule', Properties, ignored).map(([id, { ScheduleExpression, Target }]) => {
    if (!stateMachines.some(({ arn }) => arn === Target.Arn))
      throw new UnsupportedTemplate(`${id}.Target.Arn`, `${Target.Arn} is not a state machine of the stack`);
    requireJson(Target.Input, `${id}.Target.Input`);
    const [keyword] = /<aws\.scheduler\.[^>]*>/.exec(Target.Input) ?? [];
    if (keyword !== undefined) throw new UnsupportedTemplate(`${id}.Target.Input`, `the embedded AWS does not replace ${keyword}`);
    return {
      name: id,
      arn: template.arnOf(id),
      roleArn: Target.RoleArn,
      stateMachineArn: Target.Arn,
      expression: ScheduleExpression,
      periodMilliseconds: periodOf(ScheduleExpression, `${id}.ScheduleExpression`),
      input: Target.Input,
    };
  });
}

const minute = 60_000;
const units: Readonly<Record<string, number>> = { minute, hour: 60 * minute, day: 24 * 60 * minute };

function periodOf(expression: string, where: string): number {
  const [, value, unit = ''] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const length = units[unit];
  if (value === undefined || length === undefined)
    throw new UnsupportedTemplate(where, `the embedded AWS supports rates such as rate(5 minutes), not ${expression}`);
  return Number(value) * length;
}
