/** An administrator's hold on a server's circuit breaker, as it is recorded and shown. */
import { expect, it } from "vitest";
import { addTenant, call } from "./support.ts";

it("records who forced a breaker, and shows whether it is still held", async () => {
  const tenant = await addTenant("breakers");
  const { text: key, userId } = await tenant.addKey();
  const server = await tenant.addServer("files");
  const force = (state: string) => call("POST", `/servers/${server}/breaker`, { key, json: { state } });
  const shown = async () => (await call("GET", `/circuit-breakers?serverId=${server}`, { key })).body.items;

  expect((await force("open")).status).toBe(204);
  const transitions = await call("GET", `/servers/${server}/breaker-transitions`, { key });
  expect(transitions.body.items).toMatchObject([{ toState: "open", reason: "forced", actorId: userId }]);
  expect(await shown()).toMatchObject([{ state: "open", isForced: true }]);
  expect((await force("automatic")).status).toBe(204);
  expect(await shown()).toMatchObject([{ state: "open", isForced: false }]);
});

it("shows a hold that changes no state", async () => {
  const tenant = await addTenant("held-closed");
  const { text: key } = await tenant.addKey();
  const server = await tenant.addServer("files");
  expect((await call("POST", `/servers/${server}/breaker`, { key, json: { state: "closed" } })).status).toBe(
    204,
  );
  const { items } = (await call("GET", `/circuit-breakers?serverId=${server}`, { key })).body;
  expect(items).toMatchObject([{ state: "closed", isForced: true }]);
});
