/** A column of a list. */
export interface Column {
  readonly heading: string;
  readonly cells: readonly string[];
  /** Columns with a higher one go first where there is no room for all; those with none stay. */
  readonly dispensable?: number;
}

const gap = 2;

/**
 * The columns that fit side by side in a terminal, two spaces between them, so that no row wraps. Where those that stay do not fit
 * either, the first one is cut.
 *
 * @param width of the terminal in characters; undefined where nothing limits it
 */
export function fittingColumns(columns: readonly Column[], width: number | undefined): readonly Column[] {
  const excess = width === undefined ? 0 : lengthOf(columns) - width;
  if (excess <= 0) return columns;
  const least = Math.max(...columns.map(({ dispensable = 0 }) => dispensable));
  if (least > 0)
    return fittingColumns(
      columns.filter(({ dispensable = 0 }) => dispensable < least),
      width,
    );
  const [first, ...others] = columns;
  return first ? [cut(first, Math.max(1, widthOf(first) - excess)), ...others] : columns;
}

const widthOf = ({ heading, cells }: Column) => Math.max(heading.length, ...cells.map((cell) => cell.length));
const lengthOf = (columns: readonly Column[]) => columns.reduce((sum, column) => sum + widthOf(column) + gap, -gap);

function cut({ heading, cells, ...rest }: Column, width: number): Column {
  const short = (text: string) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
  return { heading: short(heading), cells: cells.map(short), ...rest };
}
