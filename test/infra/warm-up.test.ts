import { describe, expect, it } from 'vitest';
import { isWarmUp } from '../../core/warm-up.ts';
import { resources } from './stack.ts';
import { isWorking, type Machine, statesOf, warmedBy } from './states.ts';

const machines = resources('AWS::StepFunctions::StateMachine').map(({ StateMachineName, DefinitionString }) => {
  const machine = JSON.parse(String(DefinitionString)) as Machine;
  return { name: String(StateMachineName), machine, warming: warmingOf(machine) };
});
const warm = machines.filter(({ warming }) => warming.length > 0);

/** The longest that the work beside it may wait for a sandbox, in seconds. */
const atMost = 3;

it('the sandboxes of later steps start beside earlier ones, in the operations that people wait for', () => {
  expect(warm.map(({ name }) => name).sort()).toEqual(
    ['move', 'remove', 'rename', 'restart', 'start', 'stop', 'transfer', 'uninstall'].map((kind) => `recode-${kind}`).sort(),
  );
});

describe.each(warm)('a task of $name that starts a sandbox', ({ machine, warming }) => {
  const working = statesOf(machine)
    .filter(isWorking)
    .map(([name]) => name);

  it('is for a task of the machine, once beside the same work', () => {
    for (const { task, beside } of warming) {
      expect(working, task).toContain(task);
      // The sandbox of a step that runs at once starts no earlier.
      expect(beside.working, task).not.toContain(task);
    }
    for (const { beside } of warming) expect(new Set(beside.warmed).size).toBe(beside.warmed.length);
  });

  it('invokes its function with what tells a step to do nothing', () => {
    for (const { state, task } of warming) {
      expect(state.Resource, task).toBe(`\${${task}}`);
      expect(isWarmUp(state.Parameters), task).toBe(true);
    }
  });

  // States.ALL: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
  it('cannot fail the work beside it: it is not tried again, and whatever becomes of it is a success', () => {
    for (const { branch, state, task } of warming) {
      expect(state, task).not.toHaveProperty('Retry');
      expect(state, task).not.toHaveProperty('Next');
      expect(state.Catch, task).toEqual([{ ErrorEquals: ['States.ALL'], Next: expect.any(String) }]);
      const { [`Warm${task}`]: self, [state.Catch?.[0]?.Next ?? '']: failed, ...others } = branch.States;
      expect(self, task).toBe(state);
      expect(failed, task).toEqual({ Type: 'Succeed' });
      expect(others, task).toEqual({});
    }
  });

  it('delays the work beside it by a moment at most', () => {
    for (const { state, task } of warming) {
      expect(state.TimeoutSeconds, task).toBeGreaterThan(0);
      expect(state.TimeoutSeconds, task).toBeLessThanOrEqual(atMost);
    }
  });

  it('comes after the work, whose results the block selects by their place', () => {
    for (const { beside } of warming) expect(beside.order).toEqual(beside.order.toSorted());
  });
});

/** The tasks of a machine that only start a sandbox, each with its branch and what runs beside it. */
function warmingOf(machine: Machine) {
  return statesOf(machine).flatMap(([, { Branches = [] }]) => {
    const warmed = Branches.flatMap(({ StartAt }) => warmedBy(StartAt) ?? []);
    const working = Branches.flatMap((branch) => statesOf(branch).filter(isWorking)).map(([name]) => name);
    const order = Branches.map(({ StartAt }) => (warmedBy(StartAt) === undefined ? 0 : 1));
    return Branches.flatMap((branch) => {
      const task = warmedBy(branch.StartAt);
      const state = branch.States[branch.StartAt];
      return task !== undefined && state ? [{ task, state, branch, beside: { warmed, working, order } }] : [];
    });
  });
}
