import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type EnvironmentOperationKind,
  type EnvironmentRow,
  forEach,
  kindsWith,
  operationKinds,
  operations,
} from '../../core/operations.ts';
import { environmentStatuses } from '../../core/status.ts';

describe('kindsWith', () => {
  it('lists the operations whose rows have a field, in the order of the rows', () => {
    expect(kindsWith({ on: 'network' })).toEqual(['uninstall']);
    expect(kindsWith({ ends: 'stopped', creates: false })).toEqual(['stop']);
    expect(kindsWith({ on: 'environment' })).toEqual(operationKinds.filter((kind) => kind !== 'uninstall'));
  });

  it('tells the types which they are', () => {
    expectTypeOf(kindsWith({ on: 'network' })).toEqualTypeOf<'uninstall'[]>();
    expectTypeOf(kindsWith({ on: 'environment' })).toEqualTypeOf<EnvironmentOperationKind[]>();
    expectTypeOf(forEach(kindsWith({ ends: 'removed' }), () => 1)).toEqualTypeOf<Readonly<Record<'remove', number>>>();
  });
});

describe('the rows', () => {
  it('leave every status a way out: an operation that takes it', () => {
    for (const status of environmentStatuses) {
      const taking = kindsWith({ on: 'environment' }).filter((kind) => (operations[kind].from as readonly string[]).includes(status));
      expect(taking, status).not.toEqual([]);
    }
  });

  it('let an operation take over what a failed one of its kind has left', () => {
    for (const kind of kindsWith({ on: 'environment' })) {
      const { from, during }: EnvironmentRow = operations[kind];
      if (during !== undefined) expect(from).toContain(during);
    }
  });
});
