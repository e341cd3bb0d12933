/** Whether a text is the address of a service. The parser of URLs reads over spaces around one, and takes localhost:4566 for a URL. */
export function isEndpoint(text: string): boolean {
  return /^https?:\/\/[^\s/?#@]+([/?#]\S*)?$/i.test(text) && URL.canParse(text);
}

/** The address that an invalid text may mean: `127.0.0.1:4566` is http://127.0.0.1:4566. */
export function endpointMeant(text: string): string | undefined {
  const trimmed = text.trim();
  const meant = /^https?:\/\//i.test(trimmed) ? trimmed : `http://${trimmed.replace(/^\/\//, '')}`;
  const host = /^https?:\/\/(localhost|[^/:]*\.[^/:]*|[^/]*:\d+)(?=[:/?#]|$)/i;
  return host.test(meant) && isEndpoint(meant) ? meant : undefined;
}
