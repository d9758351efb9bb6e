// Tables as text (RFC 4180), as spreadsheets and other products write them: with commas, semicolons or tabs.

const SEPARATORS = [',', ';', '\t'];

/** What stands between the cells: the most frequent of what may, in the first line outside of quotes. */
export function separatorOf(text) {
  const [line] = text.replace(/"[^"]*"/g, '').split(/[\r\n]/, 1);
  const count = (separator) => line.split(separator).length;
  return SEPARATORS.reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** The rows of `text` that are not blank: `{line, cells}`, with the number of the line on which each begins. */
export function* rowsOf(text, separator) {
  let cells = [];
  let cell = '';
  let isQuoted = false;
  let line = 1;
  let start = 1;
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at];
    const isEnd = char === undefined || char === '\n' || (char === '\r' && text[at + 1] !== '\n');
    if (isQuoted && char !== undefined) {
      const isDoubled = char === '"' && text[at + 1] === '"';
      if (isDoubled) at += 1;
      if (char === '"' && !isDoubled) isQuoted = false;
      else cell += char;
    } else if (isEnd) {
      cells.push(cell.trim());
      if (cells.some((one) => one !== '')) yield { line: start, cells };
      [cells, cell, start] = [[], '', line + 1];
    } else if (char === separator) {
      cells.push(cell.trim());
      cell = '';
    } else if (char === '"' && cell.trim() === '') {
      isQuoted = true;
      cell = '';
    } else if (char !== '\r') {
      cell += char;
    }
    if (isEnd) line += 1;
  }
}
