/** Reads comma-separated values as RFC 4180 has them (quotes, doubled quotes, line breaks inside quotes), each row with the line it begins on. */
export function parseCsv(text: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let began = 1;
  const endRow = (): void => {
    cells.push(cell.trim());
    if (cells.some((one) => one !== "")) rows.push({ line: began, cells });
    cells = [];
    cell = "";
  };
  const source = text.replace(/^\uFEFF/, "");
  for (let at = 0; at < source.length; at++) {
    const char = source[at] as string;
    if (char === "\n") line++;
    if (quoted) {
      if (char === '"' && source[at + 1] === '"') {
        cell += '"';
        at++;
      } else if (char === '"') quoted = false;
      else cell += char;
    } else if (char === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (char === ",") {
      cells.push(cell.trim());
      cell = "";
    } else if (char === "\n") {
      endRow();
      began = line;
    } else if (char !== "\r") cell += char;
  }
  endRow();
  return rows;
}
