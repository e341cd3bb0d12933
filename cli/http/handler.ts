import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { proxyFor } from './proxy.ts';

type Handle = NodeHttpHandler['handle'];
/** What a client of the SDK sends its requests with. */
export type RequestHandler = Pick<NodeHttpHandler, 'handle' | 'destroy' | 'metadata' | 'updateHttpClientConfig' | 'httpHandlerConfigs'>;

const patience = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };

/**
 * What all clients of the SDK send with: it gives up after seconds, sends through the proxy that is meant for a host, and trusts the
 * certificates of a bundle alone where there is one.
 */
export function openHandler(variables: NodeJS.ProcessEnv, ca: string | undefined): RequestHandler {
  const handlers = new Map<string, Promise<NodeHttpHandler>>();
  const direct = new NodeHttpHandler({ ...patience, ...(ca !== undefined && { httpsAgent: { ca } }) });
  const handlerFor = (proxy: string | undefined) => {
    if (proxy === undefined) return direct;
    const handler = handlers.get(proxy) ?? proxied(proxy, ca);
    handlers.set(proxy, handler);
    return handler;
  };
  const handle: Handle = async (request, options) => {
    const { protocol, hostname, port } = request;
    const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
    const handler = await handlerFor(proxyFor(new URL(`${protocol}//${host}${port === undefined ? '' : `:${port}`}`), variables));
    return handler.handle(request, options);
  };
  return {
    handle,
    metadata: direct.metadata,
    destroy() {
      direct.destroy();
      for (const handler of handlers.values()) void handler.then((opened) => opened.destroy());
    },
    updateHttpClientConfig: (key, value) => direct.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => direct.httpHandlerConfigs(),
  };
}

/**
 * What the clients of the embedded AWS send with: it is on this machine, whatever proxy there is to others. It speaks plain HTTP, and Node.js
 * would take a while to load TLS.
 */
export function openLocalHandler(): RequestHandler {
  const noTls = { destroy() {} } as HttpsAgent;
  return new NodeHttpHandler({ ...patience, httpsAgent: noTls });
}

async function proxied(proxy: string, ca: string | undefined): Promise<NodeHttpHandler> {
  const [{ HttpProxyAgent }, { HttpsProxyAgent }] = await Promise.all([import('http-proxy-agent'), import('https-proxy-agent')]);
  const trust = ca === undefined ? {} : { ca };
  const httpAgent: HttpAgent = new HttpProxyAgent(proxy, { keepAlive: true, ...trust });
  const tunnels = new HttpsProxyAgent(proxy, { keepAlive: true, ...trust });
  // What it is made with is for the proxy alone; these options are for the host behind it.
  Object.assign(tunnels.options, trust);
  // By its types it lacks what only Node's own agent uses.
  const httpsAgent = tunnels as unknown as HttpsAgent;
  return new NodeHttpHandler({ ...patience, httpAgent, httpsAgent });
}
