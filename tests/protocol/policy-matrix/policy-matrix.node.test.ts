/**
 * The policy matrix: every policy holds for every client revision, every kind of server and every endpoint. The cells
 * are generated; one that cannot exist is listed with its reason. All cells share one gateway, hence one file.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { access } from "./access.ts";
import { bindings } from "./bindings.ts";
import { breakers } from "./breakers.ts";
import { calls } from "./calls.ts";
import { ABANDONED_WAITS, COMBINATIONS, type PolicyGroup, reasonAgainst } from "./cells.ts";
import { routing } from "./routing.ts";
import { closeMatrix, openMatrix } from "./setting.ts";

// Most of a cell's time is spent waiting.
vi.setConfig({ maxConcurrency: 16 });

beforeAll(openMatrix);
afterAll(closeMatrix);

const GROUPS: Readonly<Record<string, PolicyGroup>> = { routing, breakers, access, bindings, calls };
const POLICIES = Object.values(GROUPS).flatMap((group) => Object.keys(group));

for (const [group, policies] of Object.entries(GROUPS)) {
  for (const [policy, check] of Object.entries(policies)) {
    describe.concurrent(`${group}: ${policy}`, () => {
      for (const cell of COMBINATIONS.filter((one) => reasonAgainst(policy, one) === undefined)) {
        it(`${cell.client} client, ${cell.server} server, ${cell.endpoint}`, () => check(cell));
      }
    });
  }
}

it("has every cell but those that cannot exist", () => {
  const missing = POLICIES.flatMap((policy) =>
    COMBINATIONS.flatMap((cell) => reasonAgainst(policy, cell) ?? []),
  );
  expect(
    Object.fromEntries(
      [...Map.groupBy(missing, (reason) => reason)].map(([reason, all]) => [reason, all.length]),
    ),
  ).toEqual({
    // Three routing policies, five clients, four kinds of servers.
    "the URL names the server, so that no rule, strategy or failover leads to another one": 60,
    // Failover of five clients at one endpoint, breakers of five at both that have WebSocket servers.
    "a WebSocket message is answered without an HTTP status": 15,
    // Four clients; four kinds of servers at two endpoints, two at the third.
    "a session's request goes on when its connection is closed": 40,
  });
  expect(POLICIES).toContain(ABANDONED_WAITS);
});
