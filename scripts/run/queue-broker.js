// Stands in for Cloudflare's queues where the Worker runs in bare workerd: takes what the binding sends, hands it to the
// Worker's queue handler, and redelivers what the handler retries. Runs in workerd itself, as a worker beside.
const RETRY_MS = 200;

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") {
      const messages = pathname === "/batch" ? (await request.json()).messages : [await single(request)];
      ctx.waitUntil(deliver(messages.map(received), env));
    }
    const metrics = { backlogCount: 0, backlogBytes: 0 };
    return Response.json({ metadata: { metrics } });
  },
};

async function single(request) {
  const body = Buffer.from(await request.arrayBuffer()).toString("base64");
  return { contentType: request.headers.get("X-Msg-Fmt") ?? "v8", body };
}

function received({ contentType, body }) {
  const bytes = Buffer.from(body, "base64");
  const content =
    contentType === "json"
      ? { body: JSON.parse(bytes.toString()) }
      : { serializedBody: Uint8Array.from(bytes).buffer };
  return { id: crypto.randomUUID().replaceAll("-", ""), timestamp: new Date(), attempts: 1, ...content };
}

async function deliver(messages, env) {
  const outcome = await env.CONSUMER.queue(env.QUEUE, messages).catch(() => ({ outcome: "exception" }));
  const again = new Set((outcome.retryMessages ?? []).map(({ msgId }) => msgId));
  const isAll = outcome.outcome !== "ok" || outcome.retryBatch?.retry === true;
  const failed = messages.filter(({ id }) => isAll || again.has(id));
  if (failed.length === 0) return;
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  await deliver(
    failed.map((message) => ({ ...message, attempts: message.attempts + 1 })),
    env,
  );
}
