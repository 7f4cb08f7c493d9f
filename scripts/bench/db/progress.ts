/** Shows the progress of a long step: a bar that redraws itself, or a line per 10 % without a terminal. */
export interface Progress {
  update(done: number, what?: string): void;
  end(): void;
}

export function progress(title: string, total: number, stream = process.stderr): Progress {
  const started = Date.now();
  let tenth = -1;
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  return {
    update(done, what = "") {
      const part = Math.min(1, done / total);
      if (stream.isTTY) {
        const bar = "█".repeat(Math.round(part * 30)).padEnd(30, "░");
        stream.write(`\r\x1b[K${title} ${bar} ${Math.floor(part * 100)} % ${seconds()} ${what}`);
      } else if (Math.floor(part * 10) > tenth) {
        tenth = Math.floor(part * 10);
        stream.write(`${title} ${Math.floor(part * 100)} % ${seconds()} ${what}\n`);
      }
    },
    end() {
      if (stream.isTTY) stream.write(`\r\x1b[K${title}: ${seconds()}\n`);
    },
  };
}
