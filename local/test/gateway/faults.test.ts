import { expect, it } from 'vitest';
import { createFaults } from '../../src/gateway/faults.ts';

const call = { service: 'ec2', action: 'CreateVpc', functionName: 'createVpc' };
const fault = { service: 'ec2', action: 'CreateVpc', kind: 'lost-answer' };

it('applies to one call by default', () => {
  const faults = createFaults();
  faults.admin('POST', fault);
  expect(faults.take(call)?.kind).toBe('lost-answer');
  expect(faults.take(call)).toBeUndefined();
});

it('skips calls, and applies to as many as requested', () => {
  const faults = createFaults();
  faults.admin('POST', { ...fault, skip: 1, count: 2 });
  const hits = Array.from({ length: 4 }, () => faults.take(call) !== undefined);
  expect(hits).toEqual([false, true, true, false]);
});

it('ignores calls of another service, action or function', () => {
  const faults = createFaults();
  faults.admin('POST', { ...fault, function: 'createVpc', skip: 1 });
  for (const other of [{ service: 'sts' }, { action: 'DeleteVpc' }, { functionName: 'deleteVpc' }, { functionName: undefined }]) {
    expect(faults.take({ ...call, ...other })).toBeUndefined();
  }
  expect(faults.admin('GET', undefined)).toMatchObject({ faults: [{ skip: 1, count: 1 }] });
  expect(faults.take(call)).toBeUndefined();
  expect(faults.take(call)).toBeDefined();
});

it('applies the older of two faults first, and the newer one while the older one skips', () => {
  const faults = createFaults();
  faults.admin('POST', { ...fault, skip: 1 });
  faults.admin('POST', { ...fault, kind: 'delay', milliseconds: 5 });
  expect([faults.take(call), faults.take(call), faults.take(call)].map((taken) => taken?.kind)).toEqual([
    'delay',
    'lost-answer',
    undefined,
  ]);
});

it('lists the faults that are left', () => {
  const faults = createFaults();
  faults.admin('POST', { ...fault, count: 2 });
  faults.take(call);
  expect(faults.admin('GET', undefined)).toEqual({ faults: [{ ...fault, skip: 0, count: 1 }] });
  faults.take(call);
  expect(faults.admin('GET', undefined)).toEqual({ faults: [] });
});

it('forgets all faults on DELETE', () => {
  const faults = createFaults();
  faults.admin('POST', fault);
  faults.admin('DELETE', undefined);
  expect(faults.take(call)).toBeUndefined();
});

it('crashes only sandboxes', () => {
  const faults = createFaults();
  faults.admin('POST', { ...fault, kind: 'crash-after' });
  expect(faults.take({ ...call, functionName: undefined })).toBeUndefined();
  expect(faults.take(call)?.kind).toBe('crash-after');
});

it.each([
  ['an unknown kind', { ...fault, kind: 'explode' }],
  ['an unknown field', { ...fault, times: 2 }],
  ["another kind's field", { ...fault, code: 'Throttling' }],
  ['an error without a code', { ...fault, kind: 'error' }],
  ['a delay without milliseconds', { ...fault, kind: 'delay' }],
  ['a missing action', { service: 'ec2', kind: 'lost-answer' }],
  ['a count of zero', { ...fault, count: 0 }],
  ['a negative skip', { ...fault, skip: -1 }],
  ['a status of success', { ...fault, kind: 'error', code: 'Throttling', status: 200 }],
  ['nothing', undefined],
])('refuses %s', (_, given) => {
  const faults = createFaults();
  expect(() => faults.admin('POST', given)).toThrow(expect.objectContaining({ name: 'ValiError' }));
  expect(faults.admin('GET', undefined)).toEqual({ faults: [] });
});
