import { describe, expect, it } from "vitest";
import {
  coversServer,
  listIssuerMetadataUrls,
  listResourceMetadataUrls,
} from "../../../src/core/oauth-client/well-known.ts";

const RESOURCE = "https://a.example/.well-known/oauth-protected-resource";

describe("listResourceMetadataUrls", () => {
  it.each([
    ["https://a.example", undefined, [RESOURCE]],
    ["https://a.example/", undefined, [RESOURCE]],
    ["https://a.example/v1/mcp/", undefined, [`${RESOURCE}/v1/mcp`, RESOURCE]],
    ["https://a.example/mcp?x=1", undefined, [`${RESOURCE}/mcp?x=1`, RESOURCE]],
    ["https://a.example/mcp", "https://b.example/m", ["https://b.example/m", `${RESOURCE}/mcp`, RESOURCE]],
    ["https://a.example/mcp", RESOURCE, [RESOURCE, `${RESOURCE}/mcp`]],
  ])("of %s with %s in the challenge", (server, challenge, urls) => {
    expect(listResourceMetadataUrls(server, challenge)).toEqual(urls);
  });
});

describe("listIssuerMetadataUrls", () => {
  it("has two addresses for a bare origin", () => {
    expect(listIssuerMetadataUrls("https://a.example/")).toEqual([
      "https://a.example/.well-known/oauth-authorization-server",
      "https://a.example/.well-known/openid-configuration",
    ]);
  });

  it("has three for a path: inserted twice, and appended", () => {
    expect(listIssuerMetadataUrls("https://a.example/realm/")).toEqual([
      "https://a.example/.well-known/oauth-authorization-server/realm",
      "https://a.example/.well-known/openid-configuration/realm",
      "https://a.example/realm/.well-known/openid-configuration",
    ]);
  });
});

describe("coversServer", () => {
  it.each([
    ["https://a.example/mcp", true],
    ["https://a.example/mcp/", true],
    ["https://a.example", true],
    ["https://a.example/", true],
    ["https://a.example/m", false],
    ["https://a.example/mcp/more", false],
    ["https://a.example/mcp#fragment", false],
    ["https://b.example/mcp", false],
    ["http://a.example/mcp", false],
    ["mcp", false],
  ])("%s: %s", (resource, covers) => {
    expect(coversServer(resource, "https://a.example/mcp")).toBe(covers);
  });
});
