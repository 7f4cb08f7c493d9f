/** Configurations for clients: whatever the address and the key hold, each is what its client reads. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLIENTS, type Endpoint } from "../../../src/admin/connect/clients.ts";

const write = (id: string, endpoint: Endpoint) =>
  CLIENTS.find((client) => client.id === id)?.write(endpoint) ?? "";
const url = "https://gateway.example.com/mcp";

describe("configurations", () => {
  it.each(CLIENTS)("of $label name the address, and a key only where there is one", ({ id, needsKey }) => {
    expect(write(id, { url, name: "gateway", key: undefined })).toContain(url);
    expect(write(id, { url, name: "gateway", key: undefined })).not.toMatch(/Bearer/);
    if (id !== "claude")
      expect(write(id, { url, name: "gateway", key: "mcp_1_2" })).toContain("Bearer mcp_1_2");
    expect(needsKey).toBe(id === "http" ? true : undefined);
  });

  it.each(["vscode", "cursor", "gemini", "windsurf", "stdio"])("for %s are JSON", (id) => {
    expect(JSON.parse(write(id, { url, name: "gateway", key: "mcp_1_2" }))).toBeTypeOf("object");
  });

  it("install in one click what the file would contain", () => {
    const endpoint = { url: "https://gateway.example.com/mcp/büro", name: "büro", key: "mcp_1_2" };
    const link = (id: string) =>
      new URL(CLIENTS.find((client) => client.id === id)?.install?.(endpoint) ?? "");
    const vscode = link("vscode");
    expect(vscode.href).toMatch(/^vscode:mcp\/install\?/);
    expect(JSON.parse(decodeURIComponent(vscode.search.slice(1)))).toEqual({
      ...{ name: "büro", type: "http", url: endpoint.url },
      headers: { Authorization: "Bearer mcp_1_2" },
    });
    const cursor = link("cursor");
    expect(cursor.href).toMatch(/^cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?/);
    expect(cursor.searchParams.get("name")).toBe("büro");
    expect(JSON.parse(atob(cursor.searchParams.get("config") ?? ""))).toEqual({
      url: endpoint.url,
      headers: { Authorization: "Bearer mcp_1_2" },
    });
  });

  it("for shells hold every address and key together, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const line = write("claude-code", { url: text, name: "gateway", key: undefined });
        const inside = line.slice("claude mcp add --transport http gateway ".length);
        expect(inside).toMatch(/^'(?:[^']|'\\'')*'$/);
        expect(inside.slice(1, -1).replaceAll("'\\''", "'")).toBe(text);
      }),
    );
  });
});
