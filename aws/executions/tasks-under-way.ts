import type { HistoryEvent } from '@aws-sdk/client-sfn';

/**
 * The names of the Task states that an execution is at, by its history, oldest event first.
 *
 * Only a Task that succeeds, or whose failure is caught, has an event for its exit. One that fails otherwise, or that a sibling's failure cuts
 * off, is over when a state around it is exited; the chain of previous events tells which that is.
 */
export function tasksUnderWay(events: readonly HistoryEvent[]): string[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  const open = new Map<number, string>();
  for (const { id = 0, type, previousEventId = 0, stateEnteredEventDetails: entered, stateExitedEventDetails: exited } of events) {
    if (type === 'TaskStateEntered') open.set(id, entered?.name ?? '');
    if (!exited) continue;
    const left = enteredAs(exited.name, previousEventId, byId);
    for (const task of open.keys()) if (isWithin(task, left, byId)) open.delete(task);
  }
  return [...open.values()];
}

type Events = ReadonlyMap<number | undefined, HistoryEvent>;

/** The id of the event by which the state of this name was entered, in the chain that leads to an event. */
function enteredAs(name: string | undefined, from: number, events: Events): number {
  let id = from;
  while (id > 0 && events.get(id)?.stateEnteredEventDetails?.name !== name) id = events.get(id)?.previousEventId ?? 0;
  return id;
}

function isWithin(event: number, ancestor: number, events: Events): boolean {
  let id = event;
  while (id > ancestor) id = events.get(id)?.previousEventId ?? 0;
  return id === ancestor;
}
