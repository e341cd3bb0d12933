import { type Shape, withField } from './shape.ts';

/** A reference path as its names and indexes: `$.due.batches[0]` is `['due', 'batches', 0]`. */
export function parsePath(path: string): (string | number)[] {
  if (!/^\$(\.\w+|\[\d+\])*$/.test(path)) throw new Error(`The walk does not know the path ${path}.`);
  return [...path.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
}

/** A value at a path, undefined where it is missing, and the document narrowed to those that have it. */
interface At {
  readonly document: Shape;
  readonly value: Shape | undefined;
}

/** What may be at a path of a document: each possibility by itself. */
export function at(document: Shape, [head, ...rest]: readonly (string | number)[]): At[] {
  if (document.type === 'union') return document.options.flatMap((option) => at(option, head === undefined ? [] : [head, ...rest]));
  if (head === undefined) return [{ document, value: document }];
  if (document.type === 'object' && typeof head === 'string') {
    const { [head]: found, ...others } = document.fields;
    const without = { document: { ...document, fields: others }, value: undefined };
    if (!found) return [without];
    const inside = at(found.shape, rest).map(({ document: narrowed, value }) => ({ document: withField(document, head, narrowed), value }));
    return found.optional ? [without, ...inside] : inside;
  }
  if (document.type === 'tuple' && typeof head === 'number') {
    const item = document.items[head];
    return item ? at(item, rest).map(({ value }) => ({ document, value })) : [{ document, value: undefined }];
  }
  // Whether a list has an item, and which, its shape does not say.
  if (document.type === 'list' && typeof head === 'number') {
    return [{ document, value: undefined }, ...at(document.item, rest).map(({ value }) => ({ document, value }))];
  }
  return [{ document, value: undefined }];
}
