import { env, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { TenantObject } from "../../src/durable-objects/tenant.ts";
import { TenantConnectors } from "../../src/durable-objects/tenant-connectors.ts";

/** Runs with the storage of an object of its own. */
const withStorage = (work: (kv: SyncKvStorage) => Promise<void>) =>
  runInDurableObject(env.TENANTS.getByName(crypto.randomUUID()), (object, state) => {
    expect(object).toBeInstanceOf(TenantObject);
    return work(state.storage.kv);
  });

describe("the connectors of a tenant", () => {
  it("are checked server by server, until a server has none left", () =>
    withStorage(async (kv) => {
      const checked: string[] = [];
      const connectors = new TenantConnectors(kv, async (serverId) => {
        checked.push(serverId);
        return serverId === "one";
      });
      connectors.add("one");
      connectors.add("two");
      await connectors.check();
      await connectors.check();
      expect(checked).toEqual(["one", "two", "one"]);
    }));

  it("are checked again after a change during a check, once for all changes", () =>
    withStorage(async (kv) => {
      let checks = 0;
      let release: () => void = () => undefined;
      const connectors = new TenantConnectors(kv, async () => {
        checks += 1;
        if (checks === 1) await new Promise<void>((resolve) => (release = resolve));
        return true;
      });
      connectors.add("one");
      const first = connectors.check();
      await Promise.all([connectors.check(), connectors.check(), connectors.check()]);
      release();
      await first;
      expect(checks).toBe(2);
    }));

  it("keep a server whose connector comes during a check, and one that cannot be reached", () =>
    withStorage(async (kv) => {
      const checked: string[] = [];
      const connectors = new TenantConnectors(kv, async (serverId) => {
        checked.push(serverId);
        if (serverId === "unreachable") throw new Error("no connection");
        if (checked.length <= 2) connectors.add(serverId);
        return false;
      });
      connectors.add("late");
      connectors.add("unreachable");
      await connectors.check();
      await connectors.check();
      expect(checked.toSorted()).toEqual(["late", "late", "unreachable", "unreachable"]);
      await connectors.check();
      expect(checked.filter((id) => id === "late")).toHaveLength(2);
    }));
});
