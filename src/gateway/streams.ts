/** Keeps an eye on an answer that is passed on as a stream: one that falls silent for too long is ended. */

export function endWhenSilent(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  onSilence: () => void,
): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(onSilence, silenceMs);
  };
  const watched = new TransformStream<Uint8Array, Uint8Array>({
    start: restart,
    transform(piece, controller) {
      restart();
      controller.enqueue(piece);
    },
    flush: () => clearTimeout(timer),
    cancel: () => clearTimeout(timer),
  });
  // A stream that breaks, breaks on the other side too; there is nobody else to tell.
  body.pipeTo(watched.writable).catch(() => clearTimeout(timer));
  return watched.readable;
}
