/** The credential of a warm isolate: returned at once, without a query or a renewal, until shortly before it expires. */
import { describe, expect, it } from "vitest";
import {
  AccountCredentials,
  type AccountState,
  type RenewedAccount,
  toBearer,
} from "../../src/connected-accounts/resolve-credential.ts";

const SERVER = {
  ...{ id: "server", name: "notes", tenantId: "tenant", endpointUrl: "https://notes.example.com/mcp" },
  auth: { type: "user_oauth" as const },
};
const EPOCHS = { current: () => 1, peek: () => 1, knownBefore: () => 1 };
const waitUntil = () => undefined;
const START = 1_000_000;

function createAccounts(renewed: RenewedAccount) {
  const counts = { now: START, loads: 0, renewals: 0 };
  const lifetime = { renewAt: START + 20_000, expiresAt: START + 30_000 };
  const accounts = new AccountCredentials({
    epochs: EPOCHS,
    now: () => counts.now,
    publicUrl: "https://gateway.example.com",
    identity: { sign: async () => "signed", findFacts: async () => undefined },
    async load(): Promise<AccountState> {
      counts.loads += 1;
      return { kind: "connected", credential: toBearer("first"), userId: "ann", lifetime };
    },
    async renew() {
      counts.renewals += 1;
      return renewed;
    },
  });
  return { accounts, counts, resolve: () => accounts.resolve(SERVER, "ann", waitUntil) };
}

const second = (expiresAt: number): RenewedAccount => ({
  kind: "connected",
  accessToken: "second",
  lifetime: { renewAt: expiresAt - 1000, expiresAt },
});

describe("AccountCredentials", () => {
  it("answers a thousand calls at once after one load", async () => {
    const { counts, resolve } = createAccounts({ kind: "expired" });
    await resolve();
    for (let call = 0; call < 1000; call += 1) {
      counts.now += 10;
      expect(resolve()).toMatchObject({ kind: "connected", credential: ["authorization", "Bearer first"] });
    }
    expect(counts).toMatchObject({ loads: 1, renewals: 0 });
  });

  it("renews a token once, and answers at once again with the new one", async () => {
    const { counts, resolve } = createAccounts(second(START + 90_000));
    await resolve();
    counts.now = START + 20_000;
    expect(await resolve()).toMatchObject({ credential: ["authorization", "Bearer second"] });
    expect(resolve()).toMatchObject({ credential: ["authorization", "Bearer second"] });
    expect(counts).toMatchObject({ loads: 1, renewals: 1 });
  });

  it("uses a token to its end while the authorization server is not responding", async () => {
    const { counts, resolve } = createAccounts({ kind: "unavailable" });
    await resolve();
    counts.now = START + 25_000;
    expect(await resolve()).toMatchObject({
      kind: "connected",
      credential: ["authorization", "Bearer first"],
    });
    counts.now = START + 30_000;
    expect(await resolve()).toEqual({ kind: "unavailable" });
  });

  it("does not replace a secret that a member has entered", async () => {
    const { accounts, counts, resolve } = createAccounts(second(START + 90_000));
    const state = await resolve();
    if (state.kind !== "connected") throw new Error("not connected");
    const server = { ...SERVER, auth: { type: "user_secret" as const } };
    expect(await accounts.replace(server, "ann", state)).toEqual({ kind: "expired" });
    expect(counts.renewals).toBe(0);
  });
});
