/** Who gets the lines of a program's output. */
export interface LineReceiver {
  line(text: string): void;
  /** Gets the text of a line that the program replaces with a next one. */
  passing?: ((text: string) => void) | undefined;
}

export interface LineReader {
  read(this: void, text: string): void;
  /** What came last may lack a line break. */
  end(this: void): void;
}

// A program may print without any line break.
const longestLine = 16 * 1024;

/**
 * Splits the output of a program into lines, as a terminal would leave them: where a program returns to the beginning of a line, as a
 * progress bar does, only its last text stays.
 */
export function lineReader({ line, passing = () => {} }: LineReceiver): LineReader {
  let rest = '';
  return {
    read(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const each of lines) line(lastState(each.replace(/\r+$/, '')));
      if (rest.length > longestLine) {
        line(lastState(rest));
        rest = '';
      }
      const current = lastState(rest.replace(/\r+$/, ''));
      if (rest.includes('\r') && current !== '') passing(current);
    },
    end() {
      const last = lastState(rest.replace(/\r+$/, ''));
      rest = '';
      if (last !== '') line(last);
    },
  };
}

const lastState = (text: string) => text.slice(text.lastIndexOf('\r') + 1);
