// The proxy of `wrangler dev`, which a deployment does not have, closes an idle connection to the Worker after five
// seconds, exactly when the Worker's server does. A request that is sent at that moment is lost before the Worker sees it,
// and so is one whose connection ended with the refusal of a large body.

/** How the proxy responds to a request that it lost, with status 500. */
const CONNECTION_LOST = "Error: Network connection lost.";

const ATTEMPTS = 3;

/** Sends a request again when the proxy lost it. Not for a runtime that is killed, which may have seen the request. */
export async function repeatIfLost(send: () => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await send();
    if (response.status !== 500 || attempt === ATTEMPTS) return response;
    if (!(await response.clone().text()).startsWith(CONNECTION_LOST)) return response;
  }
}

/** For clients that bring no `fetch` of their own: every request of this process to this origin. */
export function repeatLostRequests(origin: string): void {
  const send = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const isRepeatable = !(input instanceof Request) && !(init?.body instanceof ReadableStream);
    const isForOrigin = isRepeatable && new URL(String(input)).origin === origin;
    return isForOrigin ? repeatIfLost(() => send(input, init)) : send(input, init);
  };
}
