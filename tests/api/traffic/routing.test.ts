/** Routing rules as a whole: their order, and which one a request would fall under. */
import { expect, it } from "vitest";
import { addTenant, call } from "../support.ts";

it("puts routing rules in an order as a whole; those not named come after, and what is not there is passed over", async () => {
  const tenant = await addTenant("routing");
  const { text: key } = await tenant.addKey();
  const post = (path: string, json: object) => call("POST", path, { key, json });
  const server = await tenant.addServer("files");
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) {
    const json = { name, targetServers: [server], conditions: { tools: [`${name}_*`] } };
    ids.push((await post("/routing-rules", json)).body.id);
  }
  const [a, , c] = ids;
  expect((await post("/routing-rules/order", { ids: [c, crypto.randomUUID(), a] })).status).toBe(204);
  const { items } = (await call("GET", "/routing-rules", { key })).body;
  expect(
    items.map(({ name, priority }: { name: string; priority: number }) => `${name} ${priority}`),
  ).toEqual(["c 10", "a 20", "b 30"]);
  const tried = await post("/routing-rules/test", { tool: "a_thing" });
  expect(tried.body).toMatchObject({
    rule: { name: "a" },
    servers: [{ id: server, name: "files" }],
    tried: [
      { name: "c", unmet: "tools" },
      { name: "a", unmet: null },
    ],
  });
  expect((await post("/routing-rules/test", { tool: "else" })).body).toMatchObject({
    rule: null,
    servers: [],
  });
});
