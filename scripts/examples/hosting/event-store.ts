// What a session has sent on its streams, so that a client that lost one can request the rest (Last-Event-ID).
// In memory and bounded: these servers are examples, and a client that comes back after an hour starts again.
import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";

interface Entry {
  id: string;
  stream: string;
  message: JSONRPCMessage;
}

const KEPT = 1000;

export function createEventStore(): EventStore {
  const entries: Entry[] = [];
  let last = 0;

  return {
    storeEvent(stream, message) {
      last += 1;
      const id = `${stream}/${last}`;
      entries.push({ id, stream, message });
      if (entries.length > KEPT) entries.shift();
      return Promise.resolve(id);
    },

    getStreamIdForEventId(id) {
      return Promise.resolve(entries.find((entry) => entry.id === id)?.stream);
    },

    async replayEventsAfter(id, { send }) {
      const from = entries.findIndex((entry) => entry.id === id);
      const stream = entries[from]?.stream;
      if (stream === undefined) throw new Error(`No event ${id}`);
      for (const entry of entries.slice(from + 1)) {
        // The empty object stands for the event that only primed the stream; it never was a message.
        if (entry.stream === stream && "jsonrpc" in entry.message) await send(entry.id, entry.message);
      }
      return stream;
    },
  };
}
