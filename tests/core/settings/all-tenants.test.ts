import { describe, expect, it } from "vitest";
import { readTenantSettings } from "../../../src/core/settings/all-tenants.ts";

const AUDIT = "logging.console.audit";
const row = (tenantId: string | null, value: boolean) => ({ tenantId, key: AUDIT, value });
const list = (...rows: ReturnType<typeof row>[]) =>
  readTenantSettings(rows).listTenants((settings) => settings[AUDIT]);

describe("the settings of all tenants", () => {
  it("are a tenant's own, else the system's, else the default", () => {
    const settings = readTenantSettings([
      row(null, true),
      row("a", false),
      { tenantId: "b", key: "logging.level", value: "error" },
    ]);
    const read = (tenantId: string | null) => {
      const { [AUDIT]: audit, "logging.level": level } = settings.get(tenantId);
      return { audit, level };
    };
    expect(read("a")).toEqual({ audit: false, level: "info" });
    expect(read("b")).toEqual({ audit: true, level: "error" });
    expect(read("c")).toEqual({ audit: true, level: "info" });
    expect(read(null)).toEqual({ audit: true, level: "info" });
  });

  it("list the tenants in which something holds, or undefined for all", () => {
    expect(list()).toEqual([]);
    expect(list(row("a", true), row("b", false))).toEqual(["a"]);
    expect(list(row(null, true), row("b", false))).toBeUndefined();
  });
});
