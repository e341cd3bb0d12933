import * as v from 'valibot';

/** What could be the name of an instance type; which there are is EC2's to say. */
export const InstanceTypeName = v.pipe(
  v.string(),
  v.check((text) => isInstanceTypeName(text), 'the name of an instance type'),
);

/** Whether a text could be the name of an instance type, such as `t2.medium` or `u-3tb1.56xlarge`. */
export function isInstanceTypeName(text: string): boolean {
  return /^(?=.{1,64}$)[a-z0-9-]+\.[a-z0-9-]+$/.test(text);
}
