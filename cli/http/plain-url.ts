/** An http or https URL without a user in it, which fetch would refuse and repeat with its password; undefined for any other text. */
export function plainUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url : undefined;
}
