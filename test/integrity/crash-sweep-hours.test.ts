import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it } from 'vitest';
import { readHours } from '../../aws/records/read/hours.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { type Hit, retried, sweep } from './crash-sweep.ts';

const environment = { RECODE_TEAMMATES: 'everyone', RECODE_HOURS_PER_OWNER: '99999' };

it('counts hours right when a sandbox dies just after any write to the table, where there is a cap', () =>
  sweep(
    'crash after, with hours',
    counted(retried('crash-after')),
    // On the other detours, the same steps count the same.
    ({ detour }, { service }) => service === 'dynamodb' && (detour === undefined || detour === 'restart' || detour === 'rest'),
    (aws) => aws.post('lambda', { environment }),
  ));

/** Hits a workflow, and expects that hours are reserved afterwards for what runs, and for nothing else. */
function counted(hit: Hit): Hit {
  return async (aws, workflow, point) => {
    const end = await hit(aws, workflow, point);
    const runs = await runsOf(aws);
    if (workflow.kind === 'stop' || workflow.kind === 'remove') expect(runs).toEqual([]);
    if (workflow.kind === 'start' || workflow.kind === 'restart') expect(runs).toMatchObject([{ launched: true }]);
    return end;
  };
}

async function runsOf({ clients }: TestAws) {
  const hours = await ifInstalled(readHours(clients.dynamodb, 'alice'));
  return Object.values(hours?.environments ?? {}).flatMap(({ run }) => run ?? []);
}
