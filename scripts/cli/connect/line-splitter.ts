// Splits a stream of text into lines, with an end to the length of a line.

export class LineSplitter {
  readonly #maxLength: number;
  #pieces: string[] = [];
  #length = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** The lines that are complete; undefined where one is too long. */
  push(text: string): readonly string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      const line = this.#take(text.slice(start, end));
      if (line.length > this.#maxLength) return undefined;
      lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
      start = end + 1;
    }
    const rest = text.slice(start);
    this.#pieces.push(rest);
    this.#length += rest.length;
    return this.#length > this.#maxLength ? undefined : lines;
  }

  #take(last: string): string {
    const line = this.#pieces.length === 0 ? last : `${this.#pieces.join("")}${last}`;
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}
