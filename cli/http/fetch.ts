import type { Dispatcher, RequestInit } from 'undici';
import { proxyFor } from './proxy.ts';
import { readCaBundle, withUsualCertificates } from './trust.ts';

/** Like the global fetch. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * A fetch that goes through the proxy that is meant for a host (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), and trusts the certificates of
 * AWS_CA_BUNDLE besides the usual ones. Node 20's own knows neither.
 *
 * @throws RecodeError CaBundleNotReadable
 */
export async function openFetch(variables: NodeJS.ProcessEnv): Promise<Fetch> {
  const ca = await withUsualCertificates(await readCaBundle(variables.AWS_CA_BUNDLE || undefined));
  const proxies = ['http_proxy', 'https_proxy'].some((name) => variables[name] || variables[name.toUpperCase()]);
  // Node's own is loaded already. Its types and those of the package differ.
  if (ca === undefined && !proxies) return globalThis.fetch as unknown as Fetch;
  // Bundled, a CommonJS package that is imported late has a default export alone.
  const {
    default: { Agent, ProxyAgent, fetch },
  } = await import('undici');
  const tls = ca === undefined ? {} : { ca };
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = (url: URL): Dispatcher => {
    const proxy = proxyFor(url, variables);
    const known = dispatchers.get(proxy ?? '');
    if (known) return known;
    const dispatcher = proxy === undefined ? new Agent({ connect: tls }) : new ProxyAgent({ uri: proxy, requestTls: tls, proxyTls: tls });
    dispatchers.set(proxy ?? '', dispatcher);
    return dispatcher;
  };
  // The same the other way round.
  return async (url, init) => (await fetch(url, { dispatcher: dispatcherFor(new URL(url)), ...init })) as unknown as Response;
}
