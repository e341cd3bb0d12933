import { expect, it } from 'vitest';
import { isScheduleExpression, isTimeZone } from './schedule-expression.ts';
import { resources } from './stack.ts';

it('tells what EventBridge Scheduler takes', () => {
  const good = ['rate(5 minutes)', 'rate(1 day)', 'at(2027-02-28T20:00:00)', 'cron(0 20 * * ? *)', 'cron(0/15 8-18 ? * MON-FRI *)'];
  const rare = ['cron(0 10 L * ? *)', 'cron(30 9 1W JAN,JUL ? 2027-2030)', 'cron(15 10 ? * 6L 2027/2)', 'cron(0 8 ? * TUE#3 *)'];
  for (const expression of [...good, ...rare]) expect(isScheduleExpression(expression), expression).toBe(true);
});

it('tells what EventBridge Scheduler refuses', () => {
  const rates = ['rate(0 minutes)', 'rate(5 seconds)', 'rate(1.5 hours)', 'rate(5)', 'every(5 minutes)', 'rate(5 minutes) '];
  const times = ['at(2027-02-29T20:00:00)', 'at(2027-02-28)', 'at(2027-02-28T20:00:00Z)'];
  const crons = ['cron(0 20 * * *)', 'cron(0 20 * * * *)', 'cron(0 20 ? * ? *)', 'cron(60 20 * * ? *)', 'cron(0 24 * * ? *)'];
  const fields = ['cron(0 0 32 * ? *)', 'cron(0 0 1 13 ? *)', 'cron(0 0 ? * 0 *)', 'cron(0/0 0 * * ? *)', 'cron(0 0 * * ? 1969)'];
  for (const expression of [...rates, ...times, ...crons, ...fields]) expect(isScheduleExpression(expression), expression).toBe(false);
});

it('tells time zones from others', () => {
  for (const zone of ['UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires']) expect(isTimeZone(zone), zone).toBe(true);
  for (const zone of ['', 'Paris', 'Europe/Pariss', '+01:00']) expect(isTimeZone(zone), zone).toBe(false);
});

it('the schedules of the packaged stack come at times that there are', () => {
  const schedules = resources('AWS::Scheduler::Schedule');
  expect(schedules.length).toBeGreaterThan(0);
  for (const { id, ScheduleExpression: expression, ScheduleExpressionTimezone: zone = 'UTC', FlexibleTimeWindow: window } of schedules) {
    expect(String(expression), id).toSatisfy(isScheduleExpression);
    expect(String(zone), id).toSatisfy(isTimeZone);
    expect(window, id).toMatchObject({ Mode: expect.stringMatching(/^(OFF|FLEXIBLE)$/) });
  }
});
