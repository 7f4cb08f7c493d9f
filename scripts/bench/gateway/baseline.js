// What the gateway is measured against, in the same runtime: a Worker that passes requests through and does nothing
// else, and one that answers from memory.
const kept = new Map();

export default {
  async fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/bytes") {
      if (!kept.has(search)) kept.set(search, await (await fetch(env.BYTES_URL)).arrayBuffer());
      await request.arrayBuffer();
      return new Response(kept.get(search), { headers: { "content-type": "application/json" } });
    }
    const body = request.method === "POST" ? await request.arrayBuffer() : undefined;
    if (pathname === "/least") return least(request, body, env);
    const { method, headers } = request;
    return fetch(env.UPSTREAM_URL, { method, headers, body });
  },
};

const PRIVATE = new Set(["authorization", "connection", "content-length", "host"]);
const decoder = new TextDecoder();

/**
 * What no gateway can do without, and no policy at all: reads the message, sends it on with headers of its own and a
 * time limit, and reads the answer.
 */
async function least(request, body, env) {
  if (JSON.parse(decoder.decode(body)).method === undefined) return new Response(null, { status: 400 });
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 30_000);
  const answer = await fetch(env.UPSTREAM_URL, {
    method: "POST",
    headers: publicOf(request.headers),
    body,
    redirect: "manual",
    signal: patience.signal,
  });
  const bytes = await answer.arrayBuffer();
  clearTimeout(timer);
  const isError = decoder.decode(bytes).includes('"error"');
  return new Response(bytes, {
    status: isError ? 500 : answer.status,
    headers: publicOf(answer.headers),
  });
}

function publicOf(headers) {
  const kept = {};
  headers.forEach((value, name) => {
    if (!PRIVATE.has(name)) kept[name] = value;
  });
  return kept;
}
