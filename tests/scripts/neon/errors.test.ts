import { neon } from "@neondatabase/serverless";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { databaseUrl, post, urlWith, useEndpoint } from "./support.ts";

const fixture = useEndpoint("neon_errors");
const sql = neon(databaseUrl);

beforeAll(async () => {
  await fixture.owner.query(`CREATE TABLE neon_errors.person (email text CONSTRAINT one_email UNIQUE, age int NOT NULL);
    INSERT INTO neon_errors.person VALUES ('a@example.org', 1)`);
});

afterEach(async () => {
  expect(await sql`SELECT 1 AS alive`).toEqual([{ alive: 1 }]);
});

const FIELDS = [
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "severity",
  "where",
  "table",
  "column",
  "schema",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
];

describe("an error of Postgres arrives with the fields that pg sees", () => {
  it.each([
    ["unique violation", "INSERT INTO neon_errors.person VALUES ('a@example.org', 2)", "23505"],
    ["not null violation", "INSERT INTO neon_errors.person VALUES ('b@example.org', null)", "23502"],
    ["syntax error", "SELECT 1 FORM x", "42601"],
    ["unknown column, with a hint", "SELECT emial FROM neon_errors.person", "42703"],
    ["error in a function's query", "SELECT query_to_xml('SELECT nothing', true, true, '')", "42703"],
    ["raised in a block", "DO $$ BEGIN RAISE 'no' USING HINT = 'h', DETAIL = 'd'; END $$", "P0001"],
    ["division by zero", "SELECT 1/0", "22012"],
    ["division by zero after rows", "SELECT 1/(3-n) FROM generate_series(1,5) n", "22012"],
  ])("%s", async (_name, text, code) => {
    const viaNeon = await sql.query(text).catch((error: unknown) => error);
    // Without parameters pg would use the simple protocol.
    const viaPg = await fixture.owner.query({ text, values: [], name: "" }).catch((error: unknown) => error);
    expect(viaNeon).toMatchObject({ name: "NeonDbError", code });
    const pick = (error: unknown) =>
      FIELDS.map((name) => [name, typeof error === "object" && error !== null && Reflect.get(error, name)]);
    expect(pick(viaNeon)).toEqual(pick(viaPg));
    expect(viaNeon).toHaveProperty("message", Reflect.get(Object(viaPg), "message"));
  });

  it("unique violation names constraint, table, schema and detail", async () => {
    const answer = await post(fixture.endpoint, {
      query: "INSERT INTO neon_errors.person VALUES ($1, $2)",
      params: ["a@example.org", 2],
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      message: 'duplicate key value violates unique constraint "one_email"',
      code: "23505",
      detail: "Key (email)=(a@example.org) already exists.",
      hint: null,
      position: null,
      internalPosition: null,
      internalQuery: null,
      severity: "ERROR",
      where: null,
      table: "person",
      column: null,
      schema: "neon_errors",
      dataType: null,
      constraint: "one_email",
      file: "nbtinsert.c",
      line: expect.stringMatching(/^\d+$/),
      routine: "_bt_check_unique",
    });
  });

  it("syntax error has its position", async () => {
    await expect(sql.query("SELECT 1 FORM x")).rejects.toMatchObject({ position: "15" });
  });
});

describe("what the extended protocol refuses", () => {
  it("two statements in one text", async () => {
    await expect(sql.query("SELECT 1; SELECT 2")).rejects.toMatchObject({
      code: "42601",
      message: "cannot insert multiple commands into a prepared statement",
    });
  });

  it.each([
    ["too few parameters", "SELECT $1::int, $2::int", [1], "08P01"],
    ["a parameter of the wrong kind", "SELECT $1::int", ["x"], "22P02"],
    ["a zero byte in a parameter", "SELECT $1::text", ["a\0b"], "22021"],
  ])("%s", async (_name, text, params, code) => {
    await expect(sql.query(text, params)).rejects.toMatchObject({ code });
  });

  it.each([
    ["COPY neon_errors.person FROM STDIN", "unexpected message from server"],
    ["COPY neon_errors.person TO STDOUT", "unexpected message from server"],
    ["SELECT 1\0; SELECT 2", "error encoding message to server: string contains embedded null"],
  ])("%j", async (text, message) => {
    await expect(sql.query(text)).rejects.toMatchObject({ name: "NeonDbError", message, code: "" });
  });
});

describe("who and where", () => {
  it("a wrong password and an unknown user get the same answer", async () => {
    const wrong = neon(
      urlWith((url) => {
        url.password = "not it";
      }),
    );
    const { username } = new URL(databaseUrl);
    await expect(wrong`SELECT 1`).rejects.toMatchObject({
      name: "NeonDbError",
      message: `password authentication failed for user '${username}'`,
      code: "",
    });
    const unknown = neon(
      urlWith((url) => {
        url.username = "nobody_of_that_name";
      }),
    );
    await expect(unknown`SELECT 1`).rejects.toMatchObject({
      message: "password authentication failed for user 'nobody_of_that_name'",
    });
  });

  it("an unknown database is a failure of the service", async () => {
    const url = urlWith((u) => {
      u.pathname = "/nowhere";
    });
    const answer = await post(fixture.endpoint, { query: "SELECT 1" }, { "Neon-Connection-String": url });
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ code: "3D000", message: 'database "nowhere" does not exist' });
    await expect(neon(url)`SELECT 1`).rejects.toThrow("Server error (HTTP status 500)");
  });

  it.each(["example.com", "127.0.0.1:1", "169.254.169.254:80"])("%s is not allowed", async (host) => {
    const url = `postgresql://user:secret@${host}/db`;
    await expect(neon(url)`SELECT 1`).rejects.toMatchObject({
      name: "NeonDbError",
      message: expect.stringContaining("The requested endpoint could not be found"),
    });
  });

  it.each([
    [undefined, "invalid header: neon-connection-string"],
    ["", "invalid connection string: relative URL without a base"],
    ["nonsense", "invalid connection string: relative URL without a base"],
    ["mysql://user:pw@127.0.0.1/db", "incorrect scheme"],
    ["postgres://user:pw@127.0.0.1", "missing database name"],
    ["postgres://user:pw@127.0.0.1/", "invalid database name"],
    ["postgres://user:pw@127.0.0.1/%ff", "invalid database name"],
    ["postgres://127.0.0.1/db", "missing username"],
    ["postgres://user@127.0.0.1/db", "missing authentication credentials: required password"],
    ["postgres://user:%ff@127.0.0.1/db", "invalid password: invalid utf-8 sequence"],
  ])("the connection string %j: %s", async (connectionString, message) => {
    const headers = { "Neon-Connection-String": connectionString };
    const answer = await post(fixture.endpoint, { query: "SELECT 1" }, headers);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ message, code: "" });
  });

  it("a bearer token is refused, not ignored", async () => {
    const withToken = neon(databaseUrl, { authToken: "e.y.j" });
    await expect(withToken`SELECT 1`).rejects.toThrow("missing authentication credentials");
  });
});

describe("a Postgres that is not there", () => {
  it("is a failure of the service", async () => {
    const { startNeonEndpoint } = await import("../../../scripts/neon/endpoint.ts");
    const lonely = await startNeonEndpoint({ allow: ["127.0.0.1:1"] });
    const headers = { "Neon-Connection-String": "postgres://user:secret@127.0.0.1:1/db" };
    const answer = await post(lonely, { query: "SELECT 1" }, headers);
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ message: expect.stringContaining("error connecting to server") });
    await lonely.close();
  });
});
