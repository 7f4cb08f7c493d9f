// Reads server-sent events out of the pieces in which they arrive.
export interface SentEvent {
  readonly event: string;
  readonly data: string;
}

export function eventReader(tell: (event: SentEvent) => void): (piece: string) => void {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length > 0) tell({ event, data: data.join("\n") });
    }
  };
}
