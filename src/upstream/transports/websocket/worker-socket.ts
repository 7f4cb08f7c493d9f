/** Opens WebSockets the way Workers do: an upgrade is a fetch, and its answer carries the socket. */
import { HandshakeError, type OpenSocket } from "../../connection/channel.ts";

export function workerSocket(fetcher: typeof fetch): OpenSocket {
  return async ({ url, headers, protocols, signal }, events) => {
    const asked = new URL(url);
    asked.protocol = url.protocol === "wss:" ? "https:" : "http:";
    const upgrade = new Headers([...headers]);
    upgrade.set("upgrade", "websocket");
    upgrade.set("sec-websocket-protocol", protocols.join(", "));
    const response = await fetcher(asked, { headers: upgrade, redirect: "manual", signal });
    const socket = response.webSocket;
    if (socket === null) {
      await response.body?.cancel();
      throw new HandshakeError(response.status);
    }
    let isOver = false;
    const end = () => {
      if (!isOver) events.closed();
      isOver = true;
    };
    socket.addEventListener("message", (event) => events.message(event.data));
    socket.addEventListener("error", end);
    socket.addEventListener("close", () => {
      end();
      // The other half of a close that the peer began; nothing to do where the runtime has done it.
      closeQuietly(socket, 1000);
    });
    socket.accept();
    return { send: (text) => socket.send(text), close: (code) => closeQuietly(socket, code) };
  };
}

function closeQuietly(socket: WebSocket, code: number): void {
  try {
    socket.close(code);
  } catch {
    // It is closed already.
  }
}
