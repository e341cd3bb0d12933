// What a workflow enters when there is an instance to launch or to start.
const states: readonly string[] = ['LaunchInstance', 'StartInstance'];

/** Whether an execution has started an instance, by the states that it has entered. */
export const hasStarted = (entered: ReadonlySet<string>): boolean => states.some((state) => entered.has(state));
