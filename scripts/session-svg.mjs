const font = { width: 8.4, height: 19, size: 14 };
const margin = 16;
// Most people see no more per second.
const shortestFrame = 100;
// A terminal has these colors by number, here on a dark ground.
const colors = ['#484f58', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6edf3'];

/**
 * A part of a line that looks the same throughout.
 *
 * @typedef {object} Part
 * @property {number} column
 * @property {string} text
 * @property {number | undefined} color
 * @property {boolean} bold
 * @property {boolean} dim
 */

/**
 * What a terminal shows from a time on, in milliseconds since the beginning.
 *
 * @typedef {{ readonly time: number, readonly lines: readonly (readonly Part[])[] }} Frame
 */

/**
 * Draws what a terminal has shown as an animated SVG without scripts: a strip of frames that moves on behind a window.
 *
 * @param {readonly Frame[]} frames
 * @param {{ readonly cols: number, readonly rows: number }} size
 */
export function drawSession(frames, { cols, rows }) {
  const shown = thinned(frames);
  const end = shown.at(-1)?.time ?? 0;
  const width = Math.ceil(cols * font.width + 2 * margin);
  const height = rows * font.height + 2 * margin;
  /** @type {Map<string, string>} */
  const known = new Map();
  const idOf = (/** @type {readonly Part[]} */ line) => {
    const drawn = line.flatMap(drawPart).join('');
    const id = known.get(drawn) ?? `l${known.size}`;
    known.set(drawn, id);
    return id;
  };
  const strip = shown.map(({ lines }, index) => {
    const uses = lines.flatMap((line, row) => (line.length === 0 ? [] : `<use href="#${idOf(line)}" y="${(row + 1) * font.height}"/>`));
    return `<g transform="translate(${index * width})">${uses.join('')}</g>`;
  });
  const percent = (/** @type {number} */ time) => `${Math.round((time / end) * 10_000) / 100}%`;
  // A frame is there from the end of the pause before it.
  const moves = shown
    .slice(0, -1)
    .map(({ time }, index) => `${percent(index === 0 ? 0 : time)}{transform:translateX(${-index * width}px)}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>A session of recode: start an environment, look around in it, and stop it</title>
<style>
text{font:${font.size}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3}
.b{font-weight:bold}.d{opacity:.6}${colors.map((color, number) => `.c${number}{fill:${color}}`).join('')}
.strip{animation:play ${end}ms step-end infinite}
@keyframes play{${moves.join('')}100%{transform:translateX(${-(shown.length - 1) * width}px)}}
@media (prefers-reduced-motion:reduce){.strip{animation:none;transform:translateX(${-(shown.length - 1) * width}px)}}
</style>
<defs>${[...known].map(([drawn, id]) => `<g id="${id}">${drawn}</g>`).join('\n')}</defs>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g transform="translate(${margin} ${margin - 4})"><g class="strip">
${strip.join('\n')}
</g></g>
</svg>
`;
}

/**
 * Keeps the last frame of each moment, and leaves out those that look as the one before.
 *
 * @param {readonly Frame[]} frames
 */
function thinned(frames) {
  /** @type {Frame[]} */
  const kept = [];
  for (const frame of frames) {
    const last = kept.at(-1);
    if (last && frame.time - last.time < shortestFrame) kept[kept.length - 1] = { ...frame, time: last.time };
    else if (!last || JSON.stringify(frame.lines) !== JSON.stringify(last.lines)) kept.push(frame);
  }
  const [shown, last] = [kept.at(-1), frames.at(-1)];
  return shown && last ? [...kept, { ...shown, time: last.time }] : kept;
}

/**
 * Words that stand apart have places of their own, so that columns are straight in any font.
 *
 * @param {Part} part
 */
function drawPart({ column, text, color, bold, dim }) {
  const classes = [...(bold ? ['b'] : []), ...(dim ? ['d'] : []), ...(color === undefined ? [] : [`c${color % 8}`])];
  const named = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
  return [...text.matchAll(/\S+(?: \S+)*/g)].map(
    ({ 0: words, index }) => `<text x="${Math.round((column + index) * font.width * 10) / 10}"${named}>${escaped(words)}</text>`,
  );
}

const escaped = (/** @type {string} */ text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
