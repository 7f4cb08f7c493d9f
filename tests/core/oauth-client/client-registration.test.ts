import { describe, expect, it } from "vitest";
import { planRegistration } from "../../../src/core/oauth-client/client-registration.ts";

const GATEWAY = "https://gateway.example";
const metadata = {
  issuer: "https://a.example",
  token_endpoint: "https://a.example/token",
  registration_endpoint: "https://a.example/register",
};
const NO_CLIENT = { clientId: undefined, clientSecret: undefined };

describe("planRegistration", () => {
  it("prefers the client of an admin, which authenticates as the server allows", () => {
    const own = { clientId: "c", clientSecret: "s" };
    const plan = (methods?: string[]) =>
      planRegistration(
        {
          ...metadata,
          client_id_metadata_document_supported: true,
          token_endpoint_auth_methods_supported: methods,
        },
        own,
        GATEWAY,
      );
    const client = { id: "c", secret: "s" };
    expect(plan()).toEqual({ kind: "client", client: { ...client, method: "client_secret_basic" } });
    expect(plan(["client_secret_post"])).toEqual({
      kind: "client",
      client: { ...client, method: "client_secret_post" },
    });
  });

  it("has no secret where none was entered", () => {
    expect(planRegistration(metadata, { ...NO_CLIENT, clientId: "c" }, GATEWAY)).toMatchObject({
      client: { id: "c", method: "none" },
    });
  });

  it("then uses the metadata document, where the server can read it", () => {
    const reads = { ...metadata, client_id_metadata_document_supported: true };
    const client = { id: `${GATEWAY}/oauth/client.json`, method: "none" };
    expect(planRegistration(reads, NO_CLIENT, GATEWAY)).toEqual({ kind: "client", client });
    expect(planRegistration(reads, NO_CLIENT, "http://localhost:8787")).toEqual({ kind: "dynamic" });
    const local = { ...reads, issuer: "http://localhost:9000" };
    expect(planRegistration(local, NO_CLIENT, "http://localhost:8787")).toMatchObject({ kind: "client" });
  });

  it("then registers, and cannot where there is no endpoint", () => {
    expect(planRegistration(metadata, NO_CLIENT, GATEWAY)).toEqual({ kind: "dynamic" });
    expect(planRegistration({ ...metadata, registration_endpoint: undefined }, NO_CLIENT, GATEWAY)).toEqual({
      kind: "impossible",
    });
  });
});
