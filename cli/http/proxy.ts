/**
 * The proxy that a request goes through, by the rules of the AWS CLI: HTTPS_PROXY or HTTP_PROXY by the URL's own scheme, the lower-case
 * name first, and none for a host that NO_PROXY names, whose subdomains it names too. Undefined without one.
 * (Python's `getproxies_environment` and `proxy_bypass_environment`, botocore's httpsession.py.)
 */
export function proxyFor(url: URL, variables: NodeJS.ProcessEnv): string | undefined {
  const scheme = url.protocol.replace(':', '');
  // What a web server sets of a visitor's "Proxy:" header.
  const asCgi = scheme === 'http' && variables.REQUEST_METHOD !== undefined;
  const proxy = variables[`${scheme}_proxy`] ?? (asCgi ? undefined : variables[`${scheme.toUpperCase()}_PROXY`]);
  if (!proxy || bypasses(url, variables.no_proxy ?? variables.NO_PROXY ?? '')) return undefined;
  if (/^https?:/.test(proxy)) return proxy;
  return proxy.startsWith('//') ? `http:${proxy}` : `http://${proxy}`;
}

function bypasses(url: URL, noProxy: string): boolean {
  if (noProxy === '*') return true;
  const names = noProxy.split(',').map((name) => name.trim().replace(/^\.+/, '').toLowerCase());
  return names.some((name) => name !== '' && [url.hostname, url.host].some((host) => host === name || host.endsWith(`.${name}`)));
}
