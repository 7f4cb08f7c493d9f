/** Lists with queries of their own have selectable orders and fields, as the others have. */
import { beforeAll, describe, expect, it } from "vitest";
import { addTenant, call, type TestKey } from "./support.ts";

let admin: TestKey;

beforeAll(async () => {
  const tenant = await addTenant("sorted");
  admin = await tenant.addKey();
  for (const name of ["b", "c", "a"]) {
    await call("POST", "/service-accounts", { key: admin.text, json: { name } });
    await tenant.addLegacyKey(`old-${name}-of-${tenant.id}`);
  }
});

/** Page by page, one at a time. */
async function walk(path: string): Promise<Record<string, unknown>[]> {
  const items = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { status, body } = await call("GET", `${path}&limit=1&cursor=${cursor}`.replace(/&cursor=$/, ""), {
      key: admin.text,
    });
    expect(status).toBe(200);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

describe.each([
  ["/service-accounts", "name", ["a", "b", "c"]],
  ["/legacy-keys", "createdAt", undefined],
] as const)("%s", (path, member, expected) => {
  it("comes in order, turned round, and in part", async () => {
    const there = await walk(`${path}?sort=${member}&fields=id,${member}`);
    const back = await walk(`${path}?sort=-${member}&fields=id,${member}`);
    expect(there.length).toBe(3);
    expect(back).toEqual(there.toReversed());
    expect(Object.keys(there[0] ?? {})).toEqual(["id", member]);
    if (expected !== undefined) expect(there.map((row) => row[member])).toEqual(expected);
  });

  it("rejects an unknown order, and another list's cursor", async () => {
    const asked = (query: string) => call("GET", `${path}?${query}`, { key: admin.text });
    expect((await asked("sort=nonsense")).status).toBe(400);
    const { body } = await asked(`sort=${member}&limit=1`);
    expect((await asked(`sort=-${member}&cursor=${body.nextCursor}`)).status).toBe(400);
  });
});
