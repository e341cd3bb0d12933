/** Rejects with what `reason` makes at the first Ctrl-C. */
export function interruption(reason: () => Error): Promise<never> {
  return new Promise((_, reject) => {
    // It stays: the spinner gives the cursor back at Ctrl-C, and would end the process where it finds nobody else who listens.
    process.on('SIGINT', () => reject(reason()));
  });
}
