import { findRecord, type OpenedEnvironment } from './environment.ts';
import { type EnvironmentView, unknownView, viewOf } from './environment-view.ts';
import { pricesOf } from './prices/prices.ts';
import { prepareConnection } from './ssh/connection.ts';

/** An environment as its operation has left it: what its record says, and what its execution has said. */
export async function viewAfter(opened: OpenedEnvironment, result: Partial<EnvironmentView>): Promise<EnvironmentView> {
  const [record, prices] = await Promise.all([findRecord(opened), pricesOf(opened.account.region, opened.clients.dynamodb)]);
  return { ...(record ? viewOf(record, prepareConnection(opened.files, record), prices) : unknownView(opened.subject)), ...result };
}
