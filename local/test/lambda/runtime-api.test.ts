import { expect, it } from 'vitest';
import { startRuntimeApi } from '../../src/lambda/runtime-api.ts';

it('does not close the connection of a sandbox that works on an event for long', async () => {
  const api = await startRuntimeApi();
  const { address } = api.serve({ next: (response) => void response.end('{}'), response: () => undefined, error: () => undefined });
  try {
    const answer = await fetch(`http://${address}/2018-06-01/runtime/invocation/next`);
    expect(answer.status).toBe(200);
    // A server that closes idle connections announces it in this header.
    expect(answer.headers.get('keep-alive')).toBeNull();
  } finally {
    await api.stop();
  }
});
