/** Markdown without its marks. */
export const plain = (markdown: string) => markdown.replaceAll('`', '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
