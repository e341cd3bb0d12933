import { it } from 'vitest';
import { carefulRate, firstStart, type Hit, retried, sweep } from './crash-sweep.ts';

/** Longer than Step Functions waits before it tries again. */
const invisibleMilliseconds = 8_000;
const crashAfter = retried('crash-after');

/** The effect is there, the sandbox is dead, and when Step Functions tries again EC2 does not show yet what has been made. */
const shownLate: Hit = async (aws, workflow, point) => {
  const rate = aws.clock.rate();
  aws.clock.setRate(carefulRate);
  await aws.post('ec2', { invisibleMilliseconds });
  const next = await crashAfter(aws, workflow, point);
  aws.clock.advance(invisibleMilliseconds);
  await aws.delete('ec2');
  aws.clock.setRate(rate);
  return next;
};

it('converges when a sandbox dies just after a call whose effect shows late', () =>
  sweep('crash after, shown late', shownLate, (workflow, { service }) => workflow === firstStart && service === 'ec2'));
