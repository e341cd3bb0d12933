import { proxyFor } from '../../http/proxy.ts';
import { type Check, ok, problem, warning } from '../check.ts';

const aws = new URL('https://sts.amazonaws.com');
const names = ['https_proxy', 'http_proxy', 'all_proxy', 'no_proxy'] as const;

/** Whether the proxies that the environment names are usable, and meant for AWS. */
export function proxyCheck(variables: NodeJS.ProcessEnv): Check {
  const set = [...names, ...names.map((name) => name.toUpperCase())].filter((name) => variables[name]);
  if (set.length === 0) return ok('proxy', 'None set');
  const all = set.map((name) => `${name}=${withoutUser(variables[name] ?? '')}`).join(', ');
  const twice = names.find(
    (name) => set.includes(name) && set.includes(name.toUpperCase()) && variables[name] !== variables[name.toUpperCase()],
  );
  const proxy = proxyFor(aws, variables);
  if (proxy !== undefined && !isProxy(proxy)) {
    return problem('proxy', `The proxy for AWS is not a URL: ${all}`, 'Set HTTPS_PROXY to http://HOST:PORT, or unset it.');
  }
  if (twice !== undefined)
    return warning('proxy', `${twice} and ${twice.toUpperCase()} differ: ${all}`, `Unset ${twice.toUpperCase()}: ${twice} counts.`);
  if (proxy === undefined && set.some((name) => /^(all|http)_proxy$/i.test(name)) && !variables.no_proxy && !variables.NO_PROXY) {
    return warning('proxy', `No proxy for AWS: ${all}`, 'If this machine reaches AWS through a proxy only, set HTTPS_PROXY.');
  }
  return ok('proxy', `${all}. ${proxy === undefined ? 'AWS is reached without a proxy.' : 'ssh does not use it.'}`);
}

const isProxy = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '';

/** A proxy may have a password. */
const withoutUser = (text: string) => text.replace(/^([^/]*\/\/|)[^@/]*@/, '$1');

/** Whether requests to AWS go through a proxy. */
export const isProxied = (variables: NodeJS.ProcessEnv): boolean => proxyFor(aws, variables) !== undefined;

/** The hosts of the proxies. */
export function proxyHosts(variables: NodeJS.ProcessEnv): string[] {
  return names.slice(0, 3).flatMap((name) =>
    [variables[name], variables[name.toUpperCase()]].flatMap((text = '') => {
      const url = /^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text.replace(/^\/\//, '')}`;
      return URL.canParse(url) ? [new URL(url).hostname] : [];
    }),
  );
}
