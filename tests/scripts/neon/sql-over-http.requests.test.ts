import { request } from "node:http";
import { connect } from "node:net";
import { neon } from "@neondatabase/serverless";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { databaseUrl, post, useEndpoint } from "./support.ts";

const fixture = useEndpoint("neon_requests");
const sql = neon(databaseUrl);
const MIB = 1024 * 1024;

beforeAll(async () => {
  await fixture.owner.query("CREATE TABLE neon_requests.visit (n int)");
});

// Whatever came before, the endpoint serves the next one.
afterEach(async () => {
  expect(await sql`SELECT 1 AS alive`).toEqual([{ alive: 1 }]);
});

describe("a request that is not one", () => {
  it.each([
    ["no JSON", "{"],
    ["an empty body", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["no query", "{}"],
    ["a query that is no text", '{"query":1}'],
    ["params that are no list", '{"query":"SELECT 1","params":{}}'],
    ["an arrayMode that is no boolean", '{"query":"SELECT 1","arrayMode":"yes"}'],
    ["a batch with a hole", '{"queries":[{"query":"SELECT 1"},null]}'],
    ["half a surrogate pair", '{"query":"SELECT $1::text","params":["\\ud800"]}'],
  ])("%s", async (_name, body) => {
    const answer = await post(fixture.endpoint, body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      message: expect.stringContaining("could not parse the HTTP request body: "),
    });
  });

  it("bytes that are not UTF-8", async () => {
    const response = await fetch(`${fixture.endpoint.url}/sql`, {
      method: "POST",
      headers: { "Neon-Connection-String": databaseUrl },
      body: new Uint8Array([0x7b, 0xff, 0x7d]),
    });
    expect(response.status).toBe(400);
  });

  it("an isolation level that does not exist", async () => {
    const headers = { "Neon-Batch-Isolation-Level": "Snapshot" };
    const answer = await post(fixture.endpoint, { queries: [] }, headers);
    expect(answer).toMatchObject({ status: 400, json: { message: "invalid isolation level" } });
  });

  it.each([
    ["GET", "/sql"],
    ["POST", "/"],
    ["POST", "//"],
    ["PUT", "/stats"],
  ])("%s %s", async (method, path) => {
    const response = await fetch(`${fixture.endpoint.url}${path}`, { method });
    expect(response.status).toBe(400);
    expect(await response.json()).toBe("query is not supported");
  });

  it("one that ends in the middle", async () => {
    const half = request(`${fixture.endpoint.url}/sql`, {
      method: "POST",
      headers: { "Neon-Connection-String": databaseUrl, "Content-Length": 100 },
    });
    const gone = new Promise((resolve) => half.on("error", resolve));
    half.write('{"query":');
    half.destroy(new Error("changed my mind"));
    await gone;
  });

  it("bytes that are not HTTP", async () => {
    const socket = connect(fixture.endpoint.port, "127.0.0.1", () => socket.write("\0\0\0\b\x04\xd2\x16/"));
    await new Promise((resolve) => socket.on("close", resolve).resume());
  });
});

describe("limits", () => {
  it("a request over 10 MiB", async () => {
    const fits = { query: "SELECT length($1)", params: ["x".repeat(10 * MIB - 100)] };
    expect((await post(fixture.endpoint, fits)).status).toBe(200);
    const answer = await post(fixture.endpoint, { ...fits, params: ["x".repeat(10 * MIB)] });
    expect(answer).toMatchObject({
      status: 413,
      json: { message: "request is too large (max is 10485760 bytes)" },
    });
  });

  it.each([
    ["one value", `SELECT repeat('x', ${10 * MIB + 1})`],
    ["many rows", "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"],
    ["characters of several bytes", `SELECT repeat('€', ${4 * MIB})`],
  ])("an answer over 10 MiB: %s", async (_name, query) => {
    const answer = await post(fixture.endpoint, { query }, { "Neon-Raw-Text-Output": "true" });
    expect(answer).toMatchObject({
      status: 507,
      json: { message: "response is too large (max is 10485760 bytes)", code: "" },
    });
  });

  it("an answer just under 10 MiB", async () => {
    const rows = await sql.query(`SELECT repeat('x', ${10 * MIB - 1000}) AS long`);
    expect(rows).toEqual([{ long: "x".repeat(10 * MIB - 1000) }]);
  });

  it("counts all results of a batch, and rolls it back", async () => {
    const half = { query: `SELECT repeat('x', ${6 * MIB})` };
    const insert = { query: "INSERT INTO neon_requests.visit VALUES (1)" };
    expect((await post(fixture.endpoint, { queries: [insert, half, half] })).status).toBe(507);
    expect(await sql`SELECT FROM neon_requests.visit`).toEqual([]);
  });
});
