const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The fields of cron() in their order; `more` is what a field takes besides lists, ranges and steps. */
const fields: readonly { readonly values: readonly string[]; readonly more?: RegExp }[] = [
  { values: numbers(0, 59) },
  { values: numbers(0, 23) },
  { values: numbers(1, 31), more: /^(\?|L|LW|([1-9]|[12]\d|3[01])W)$/ },
  { values: [...numbers(1, 12), ...months] },
  { values: [...numbers(1, 7), ...days], more: /^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$/ },
  { values: numbers(1970, 2199) },
];

/** Whether EventBridge Scheduler takes an expression: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
export function isScheduleExpression(expression: string): boolean {
  const [, kind, inside = ''] = /^(rate|at|cron)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return /^[1-9]\d* (minute|hour|day)s?$/.test(inside);
  if (kind === 'at') return isTime(inside);
  return kind === 'cron' && isCron(inside.split(' '));
}

/** Whether a time zone is one of the IANA database. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0 && !/^[+-]/.test(name);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function isTime(text: string): boolean {
  const time = new Date(`${text}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString() === `${text}.000Z`;
}

function isCron(given: readonly string[]): boolean {
  const [, , dayOfMonth, , dayOfWeek] = given;
  // Each excludes the other.
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) return false;
  return given.length === fields.length && fields.every((field, index) => isField(given[index] ?? '', field));
}

function isField(text: string, { values, more }: (typeof fields)[number]): boolean {
  return text.split(',').every((part) => {
    if (more?.test(part)) return true;
    const [range = '', step, ...others] = part.split('/');
    const [from = '', to = from, ...further] = range.split('-');
    const isStep = step === undefined || /^[1-9]\d*$/.test(step);
    return isStep && others.length + further.length === 0 && (range === '*' || (values.includes(from) && values.includes(to)));
  });
}
