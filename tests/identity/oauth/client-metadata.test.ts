/** Clients that describe themselves at an address: what is fetched, and what of it is believed. */
import { describe, expect, it } from "vitest";
import { fetchClientMetadata } from "../../../src/identity/oauth/client-metadata.ts";
import { isClientMetadataUrl } from "../../../src/identity/oauth/client-metadata-url.ts";
import { checkUrl } from "../../../src/upstream/connection/url-guard.ts";

const ID = "https://client.example.com/oauth/client.json";
const RIGHT = {
  client_id: ID,
  client_name: "Editor",
  redirect_uris: ["https://client.example.com/callback"],
};

interface Seen {
  url: string;
  init: RequestInit | undefined;
}

function documents(answer: () => Response | Promise<Response>, allowLoopback = false) {
  const seen: Seen[] = [];
  return {
    seen,
    now: () => 0,
    isAllowed: (url: string) => checkUrl(url, { allowLoopback }).ok,
    fetch: async (url: string, init?: RequestInit) => {
      seen.push({ url, init });
      return answer();
    },
  };
}

const json =
  (body: unknown, headers: Record<string, string> = {}, status = 200) =>
  () =>
    new Response(JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json", ...headers },
    });

describe("an address", () => {
  it.each([
    [ID, true],
    ["https://client.example.com/", false],
    ["https://client.example.com", false],
    ["https://client.example.com/a/../b", false],
    ["HTTPS://client.example.com/x", false],
    ["urn:client", false],
    ["pFUchYUrbXNeyymfFiIPEQTLBssJIAfv", false],
  ])("%s is one of a document: %s", (id, expected) => {
    expect(isClientMetadataUrl(id)).toBe(expected);
  });

  it.each([
    "https://127.0.0.1/client.json",
    "https://[::1]/client.json",
    "https://10.0.0.8/client.json",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/client.json",
    "https://intranet.local/client.json",
    "https://user:secret@client.example.com/x",
    "http://client.example.com/x",
  ])("%s is never fetched (SSRF)", async (id) => {
    const given = documents(json({ ...RIGHT, client_id: id }));
    expect(await fetchClientMetadata(given, id)).toBe("invalid");
    expect(given.seen).toEqual([]);
  });
});

describe("a document", () => {
  it("is fetched without credentials, following nothing, with an end", async () => {
    const given = documents(json(RIGHT, { "cache-control": "public, max-age=600" }));
    expect(await fetchClientMetadata(given, ID)).toMatchObject({
      document: { client_name: "Editor" },
      freshMs: 600_000,
    });
    const [{ url, init } = { url: "", init: undefined }] = given.seen;
    expect(url).toBe(ID);
    expect(init).toMatchObject({ redirect: "manual", headers: { accept: "application/json" } });
    expect(init?.signal).toBeInstanceOf(AbortSignal);
  });

  it.each<[string, () => Response | Promise<Response>, string]>([
    ["of another address", json({ ...RIGHT, client_id: `${ID}x` }), "invalid"],
    ["without a name", json({ ...RIGHT, client_name: undefined }), "invalid"],
    ["without redirect addresses", json({ ...RIGHT, redirect_uris: [] }), "invalid"],
    [
      "that requires a secret",
      json({ ...RIGHT, token_endpoint_auth_method: "client_secret_basic" }),
      "invalid",
    ],
    [
      "that is no JSON",
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
      "invalid",
    ],
    ["that is no object", json([RIGHT]), "invalid"],
    [
      "that is broken",
      () => new Response("{", { headers: { "content-type": "application/json" } }),
      "invalid",
    ],
    ["that is too large", json({ ...RIGHT, padding: "x".repeat(20_000) }), "invalid"],
    ["that is elsewhere", json({}, { location: "http://169.254.169.254/" }, 302), "invalid"],
    ["that is not there", json({}, {}, 404), "invalid"],
    ["of a server in trouble", json({}, {}, 503), "unreachable"],
    ["of a server that does not answer", () => Promise.reject(new TypeError("no route")), "unreachable"],
  ])("%s is not believed", async (_what, answer, expected) => {
    expect(await fetchClientMetadata(documents(answer), ID)).toBe(expected);
  });

  it("is kept for no longer than an hour and no shorter than a minute", async () => {
    const kept = async (header: string) =>
      fetchClientMetadata(documents(json(RIGHT, { "cache-control": header })), ID);
    expect(await kept("max-age=99999999")).toMatchObject({ freshMs: 3_600_000 });
    expect(await kept("no-store")).toMatchObject({ freshMs: 60_000 });
  });
});
