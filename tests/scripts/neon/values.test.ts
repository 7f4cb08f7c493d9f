import { neon } from "@neondatabase/serverless";
import fc from "fast-check";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { runs } from "../../support/runs.ts";
import { databaseUrl, post, useEndpoint } from "./support.ts";

const fixture = useEndpoint("neon_values");

/** Drizzle's driver replaces the package's own parsers of dates for every user in the process. */
const { types } = pg;

const LITERALS = [
  ["int2", "'-32768'::int2"],
  ["int4", "2147483647::int4"],
  ["int8 beyond a double", "9223372036854775807::int8"],
  ["numeric", "12345678901234567890.12345678901234567890::numeric"],
  ["float4", "1.5::float4"],
  ["float8, its smallest", "5e-324::float8"],
  ["float8 NaN", "'NaN'::float8"],
  ["float8 infinity", "'-Infinity'::float8"],
  ["float8 negative zero", "'-0'::float8"],
  ["bool", "true"],
  ["text with everything", `E'a"b\\\\c\\n\\t€😀'`],
  ["empty text", "''::text"],
  ["null", "null::int4"],
  ["date", "'2024-02-29'::date"],
  ["timestamp", "'2024-02-29 12:34:56.789012'::timestamp"],
  ["timestamptz", "'2024-02-29 12:34:56.789012+05:30'::timestamptz"],
  ["interval", "'1 year 2 days 03:04:05'::interval"],
  ["json", `'{"b": 1, "a": [null, 1.50]}'::json`],
  ["jsonb", `'{"b": 1, "a": [null, "x"]}'::jsonb`],
  ["jsonb null", "'null'::jsonb"],
  ["uuid", "'0190163d-8694-739b-aea5-966c26f8ad91'::uuid"],
  ["bytea", "'\\x00ff10'::bytea"],
  ["inet", "'192.168.0.0/24'::inet"],
  ["int4 array", "'{1,NULL,3}'::int4[]"],
  ["empty array", "'{}'::int4[]"],
  ["nested text array", `'{{"a,b","c\\"d"},{NULL,"NULL"}}'::text[]`],
  ["bool array", "'{t,f}'::bool[]"],
  ["float8 array", "'{1.5,NaN}'::float8[]"],
  ["jsonb array", `array['{"a": "}"}'::jsonb, null]`],
  ["range", "'[1,5)'::int4range"],
] as const;

describe("values come out of the driver as they come out of pg", () => {
  it.each(LITERALS)("%s", async (_name, literal) => {
    const sql = neon(databaseUrl, { fullResults: true });
    const text = `SELECT ${literal} AS value, 1 AS other`;
    const viaNeon = await sql.query(text, [], { types });
    const viaPg = await fixture.owner.query(text);
    expect(viaNeon.rows).toEqual(viaPg.rows);
    expect(viaNeon.fields).toEqual(viaPg.fields.map((field) => ({ ...field })));
    expect(viaNeon.rowCount).toBe(viaPg.rowCount);
    expect(viaNeon.command).toBe(viaPg.command);
  });

  it("parameters of every kind", async () => {
    const sql = neon(databaseUrl);
    const moment = new Date("2024-02-29T12:34:56.789Z");
    const [row] = await sql.query(
      `SELECT $1::int8 AS big, $2::timestamptz AS moment, $3::bool AS flag, $4::jsonb AS document,
      $5::int4[] AS numbers, $6::text[] AS texts, $7::bytea AS bytes, $8::text AS nothing`,
      [
        9007199254740993n.toString(),
        moment,
        true,
        { a: [1, null] },
        [1, 2, 3],
        ["a,b", 'c"d', "NULL", null],
        Buffer.from([0, 255]),
        null,
      ],
      { types },
    );
    expect(row).toEqual({
      big: "9007199254740993",
      moment,
      flag: true,
      document: { a: [1, null] },
      numbers: [1, 2, 3],
      texts: ["a,b", 'c"d', "NULL", null],
      bytes: Buffer.from([0, 255]),
      nothing: null,
    });
  });

  it("any text, number or null that is given as a parameter comes back equal", async () => {
    const sql = neon(databaseUrl, { arrayMode: true });
    // Postgres has no text with U+0000 in it.
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
    const value = fc.oneof(text, fc.double({ noNaN: true }), fc.integer(), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), async (values) => {
        const casts = values.map((item, i) => `$${i + 1}::${typeof item === "number" ? "float8" : "text"}`);
        const rows = await sql.query(`SELECT ${casts.join(", ")}`, values);
        // A negative zero has no form in the driver's text of a number.
        expect(rows).toEqual([values.map((item) => (item === 0 ? 0 : item))]);
      }),
      { numRuns: runs(60) },
    );
  });

  it("a type that is not part of Postgres is unknown, as in Neon's proxy", async () => {
    await fixture.owner.query("CREATE TYPE neon_values.mood AS ENUM ('fine')");
    const sql = neon(databaseUrl, { fullResults: true });
    const { fields, rows } = await sql`SELECT 'fine'::neon_values.mood AS mood`;
    expect(fields[0]?.dataTypeID).toBe(705);
    expect(rows).toEqual([{ mood: "fine" }]);
  });
});

describe("shapes of results", () => {
  it("arrayMode gives rows as arrays and keeps columns of the same name", async () => {
    const sql = neon(databaseUrl, { arrayMode: true, fullResults: true });
    const result = await sql`SELECT 1 AS a, 2 AS a UNION ALL SELECT 3, 4 ORDER BY 1`;
    expect(result.rows).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(result.rowAsArray).toBe(true);
  });

  it.each([
    ["CREATE TABLE neon_values.shape (n int)", "CREATE", null],
    ["INSERT INTO neon_values.shape VALUES (1), (2)", "INSERT", 2],
    ["UPDATE neon_values.shape SET n = 3 WHERE n = 2", "UPDATE", 1],
    ["DELETE FROM neon_values.shape", "DELETE", 2],
    ["SELECT n FROM neon_values.shape", "SELECT", 0],
    ["DROP TABLE neon_values.shape", "DROP", null],
    ["", "", null],
  ])("%s", async (text, command, rowCount) => {
    const sql = neon(databaseUrl, { fullResults: true });
    expect(await sql.query(text)).toMatchObject({ command, rowCount, rows: [] });
  });

  it("a key like __proto__ is a column like any other", async () => {
    const answer = await post(fixture.endpoint, { query: `SELECT 1 AS "__proto__", 2 AS "a""b"` });
    expect(answer.text).toContain(`"rows":[{"__proto__":1,"a\\"b":2}]`);
  });
});

describe("a client that does not request raw text", () => {
  const converted = async (literal: string): Promise<string> => {
    const body = { query: `SELECT ${literal}`, arrayMode: true };
    const { text } = await post(fixture.endpoint, body);
    return /"rows":\[\[(.*)\]\],"command"/.exec(text)?.[1] ?? text;
  };

  it.each([
    ["42::int2", "42"],
    ["42::int4", "42"],
    ["42::int8", '"42"'],
    ["1.50::numeric", '"1.50"'],
    ["1.5::float4", "1.5"],
    ["1e300::float8", "1e+300"],
    ["'NaN'::float8", '"NaN"'],
    ["'-Infinity'::float4", '"-Infinity"'],
    ["true", "true"],
    ["false", "false"],
    ["null::bool", "null"],
    [`'{"n": 1.50}'::json`, '{"n": 1.50}'],
    ["'12345678901234567890'::jsonb", "12345678901234567890"],
    ["'2024-02-29'::date", '"2024-02-29"'],
    ["'{1,NULL,3}'::int4[]", "[1,null,3]"],
    ["'{1,2}'::int8[]", '["1","2"]'],
    ["'{}'::text[]", "[]"],
    [`'{"",NULL,"NULL","a\\"b\\\\c",d}'::text[]`, '["",null,"NULL","a\\"b\\\\c","d"]'],
    ["'{{t,f},{NULL,t}}'::bool[]", "[[true,false],[null,true]]"],
    ["'[1:1][-2:-1][3:5]={{{1,2,3},{4,5,6}}}'::int2[]", "[[[1,2,3],[4,5,6]]]"],
    [`array['{"a": "}"}'::jsonb, '[1]'::jsonb]`, '[{"a": "}"},[1]]'],
  ])("%s becomes %s", async (literal, json) => {
    expect(await converted(literal)).toBe(json);
  });

  it.each([
    [[true, false, null, "NULL", 42, "foo", 'bar"-\\'], '{true,false,NULL,"NULL",42,"foo","bar\\"-\\\\"}'],
    [[[1], [null]], "{{1},{NULL}}"],
    [[{ foo: 1 }], '{"{\\"foo\\":1}"}'],
    [{ foo: [1] }, '{"foo":[1]}'],
    [true, "true"],
    [1.5, "1.5"],
    [null, null],
  ])("the JSON parameter %j reaches Postgres as %s", async (parameter, text) => {
    const { json } = await post(fixture.endpoint, { query: "SELECT $1::text AS text", params: [parameter] });
    expect(json).toMatchObject({ rows: [{ text }] });
  });
});
