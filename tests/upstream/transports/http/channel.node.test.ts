/** Streamable HTTP of the legacy era, against two servers that were not written for this. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SessionLostError, type UpstreamChannel } from "../../../../src/upstream/connection/channel.ts";
import { resumeChannel } from "../../../../src/upstream/transports/open-channel.ts";
import { call, request, targetAt, tools, watch } from "../../../fixtures/channels.ts";
import { type Started, startEverything } from "../../../fixtures/everything/start.ts";
import { type Connected, connect } from "../../../fixtures/legacy-peers.ts";
import { startPublishedEverything } from "../../../fixtures/published-everything.ts";

let fixture: Started;
let published: Started;
const open: UpstreamChannel[] = [];

beforeAll(async () => {
  [fixture, published] = await Promise.all([startEverything(), startPublishedEverything("streamableHttp")]);
});
afterAll(async () => {
  await Promise.all(open.map((channel) => channel.close()));
  await Promise.all([fixture?.close(), published?.close()]);
});

async function connected(url: string): Promise<Connected> {
  const session = await connect(url, "http");
  open.push(session.channel);
  return session;
}

const textIn = (answer: unknown) => JSON.stringify(answer);

describe("with the fixture", () => {
  it("begins a session and calls", async () => {
    const { channel, initialized } = await connected(fixture.url);
    expect(initialized).toMatchObject({
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "everything" },
      instructions: expect.stringContaining("server of tests"),
    });
    expect(channel.sessionId).toMatch(/^[\x21-\x7e]+$/);
    expect(channel.revision).toBe("2025-11-25");
    const message = request("tools/list");
    expect(await channel.request(message)).toMatchObject({
      id: message.id,
      result: { tools: expect.any(Array) },
    });
  });

  it("resolves with errors as with results", async () => {
    const { channel } = await connected(fixture.url);
    expect(await channel.request(request("no/such"))).toMatchObject({ error: { code: -32601 } });
  });

  it("reports progress with its request", async () => {
    const { channel, watched } = await connected(fixture.url);
    const message = call("test_tool_with_progress", {}, { progressToken: "p" });
    await channel.request(message);
    const progress = watched.messages.filter((item) => item.message.method === "notifications/progress");
    expect(progress.map(({ relatedTo }) => relatedTo)).toEqual([message.id, message.id, message.id]);
  });

  it.each<[string, ReturnType<typeof call>, string, string]>([
    ["sampling", call("test_sampling", { prompt: "Capital?" }), "sampling/createMessage", "Paris"],
    ["elicitation", call("test_elicitation", { message: "Who?" }), "elicitation/create", "ada@example.org"],
  ])(
    "gets a request for %s in the middle of a call, and answers",
    async (_name, message, method, expected) => {
      const { channel, watched } = await connected(fixture.url);
      expect(textIn(await channel.request(message))).toContain(expected);
      expect(watched.messages.find((item) => item.message.method === method)?.relatedTo).toBe(message.id);
    },
  );

  it("comes back for an answer whose stream the server has closed", async () => {
    const { channel } = await connected(fixture.url);
    expect(textIn(await channel.request(call("test_reconnection")))).toContain(
      "after the stream had been closed",
    );
  });

  it("receives messages that answer no request", async () => {
    const { channel, watched } = await connected(fixture.url);
    expect(await channel.listen()).toBe(true);
    await channel.request(call("test_trigger_tool_change"));
    await expect.poll(() => watched.methods()).toContain("notifications/tools/list_changed");
    expect(watched.messages.at(-1)?.relatedTo).toBeUndefined();
  });

  it("lets a second channel take the session over, as it stands", async () => {
    const { channel } = await connected(fixture.url);
    await channel.request(request("resources/subscribe", { uri: "test://watched-resource" }));
    const { sessionId = "", revision = "" } = channel;
    const watched = watch();
    const second = resumeChannel({
      target: targetAt(fixture.url),
      deps: tools,
      events: watched.events,
      resume: { sessionId, revision },
    });
    open.push(second);
    expect(await second.listen()).toBe(true);
    await second.request(call("test_trigger_resource_update"));
    await expect.poll(() => watched.methods()).toContain("notifications/resources/updated");
  });

  it("ends the session on the server, and notices elsewhere that it is gone", async () => {
    const { channel, watched } = await connected(fixture.url);
    const { sessionId = "", revision = "" } = channel;
    const other = watch();
    const second = resumeChannel({
      target: targetAt(fixture.url),
      deps: tools,
      events: other.events,
      resume: { sessionId, revision },
    });
    await channel.close();
    await channel.close();
    expect(watched.endings).toEqual([undefined]);
    await expect(channel.request(request("ping"))).rejects.toThrow("has ended");
    await expect(second.request(request("ping"))).rejects.toBeInstanceOf(SessionLostError);
    expect(other.endings).toEqual([expect.any(SessionLostError)]);
  });

  it("cancels a call on request, and goes on", async () => {
    const { channel } = await connected(fixture.url);
    const timeouts = new AbortController();
    const slow = channel.request(call("test_slow", { ms: 20_000 }), { signal: timeouts.signal });
    setTimeout(() => timeouts.abort(), 100);
    await expect(slow).rejects.toThrow("canceled");
    expect(await channel.request(request("ping"))).toMatchObject({ result: {} });
  });

  it("fails what waits when it is closed", async () => {
    const { channel } = await connected(fixture.url);
    const slow = channel.request(call("test_slow", { ms: 20_000 }));
    const failure = expect(slow).rejects.toMatchObject({ code: "upstream_unreachable" });
    await channel.close();
    await failure;
  });

  it("runs many calls side by side", async () => {
    const { channel } = await connected(fixture.url);
    const messages = Array.from({ length: 30 }, () => call("test_slow", { ms: 50 }));
    const answers = await Promise.all(messages.map((message) => channel.request(message)));
    expect(answers.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
  });
});

describe("with the published server", () => {
  it("calls, receives requests and progress", async () => {
    const { channel, watched, initialized } = await connected(published.url);
    expect(initialized.protocolVersion).toBe("2025-11-25");
    expect(await channel.listen()).toBe(true);
    expect(textIn(await channel.request(call("echo", { message: "hello" })))).toContain("Echo: hello");
    const sampled = await channel.request(
      call("trigger-sampling-request", { prompt: "Capital?", maxTokens: 5 }),
    );
    expect(textIn(sampled)).toContain("Paris");
    const elicited = await channel.request(call("trigger-elicitation-request"));
    expect(textIn(elicited)).toContain("Ada");
    const long = call("trigger-long-running-operation", { duration: 0.2, steps: 2 }, { progressToken: 7 });
    await channel.request(long);
    const progress = watched.messages.filter(({ message }) => message.method === "notifications/progress");
    expect(progress.map(({ relatedTo }) => relatedTo)).toEqual([long.id, long.id]);
    await expect.poll(() => watched.methods(), { timeout: 5000 }).toContain("roots/list");
  });

  it("detects a session that is gone, although the server returns 400 for it", async () => {
    const { channel } = await connected(published.url);
    const { sessionId = "", revision = "" } = channel;
    const { events, endings } = watch();
    const resume = { sessionId, revision };
    const second = resumeChannel({ target: targetAt(published.url), deps: tools, events, resume });
    await channel.close();
    await expect(second.request(request("ping"))).rejects.toBeInstanceOf(SessionLostError);
    expect(endings).toEqual([expect.any(SessionLostError)]);
  });
});
