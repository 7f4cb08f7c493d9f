/** Circuit breakers: what opens them, what an open one refuses, and what closes them again. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, vi } from "vitest";
import type { Answer } from "../../fixtures/policy-clients.ts";
import { ABANDONED_WAITS, type PolicyGroup } from "./cells.ts";
import { expectFacts, expectTransitions, failed, failedUpstream, toolCall } from "./outcome.ts";
import { inSetting, type Setting } from "./setting.ts";

const CLOSED = -31508;
const WAIT = { timeout: 40_000, interval: 200 };
const WRITE = toolCall("write");

/** The breaker decides after ten calls, by the share of failures; the isolate reports them within a moment. */
const AT_ONCE = 6;
const MAX_ROUNDS = 5;
const BETWEEN_CALLS_MS = 100;

/** The first answer, and one that the open breaker gave while no other call was running. */
async function callUntilOpen(setting: Setting): Promise<{ first: Answer; refused: Answer }> {
  const first = await setting.call("write");
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => setting.call("write")));
    if (answers.some(isRefused)) {
      const refused = await setting.call("write");
      if (isRefused(refused)) return { first, refused };
    }
    await pause(BETWEEN_CALLS_MS);
  }
  const calls = 1 + AT_ONCE * MAX_ROUNDS;
  throw new Error(`The breaker is closed after ${calls} failed calls: ${JSON.stringify(first.message)}`);
}

const isRefused = ({ message }: Answer) => message.error?.code === CLOSED;

async function expectOpens(setting: Setting): Promise<void> {
  const { first, refused } = await callUntilOpen(setting);
  const reached = setting.server.operations.join(" ");
  await expectFacts(setting, first, WRITE, failedUpstream(setting, first, WRITE, "upstream_unreachable"));
  const isPlain = refused.status >= 400;
  await expectFacts(setting, refused, WRITE, {
    ...failed(setting, refused, WRITE, "upstream_closed"),
    "answer has Retry-After": isPlain,
    "reached first": reached,
  });
  await expectTransitions(setting, ["closed → open: failures"]);
}

export const breakers: PolicyGroup = {
  "breaker opens on 5xx": (cell) =>
    inSetting(cell, {}, async (setting) => {
      setting.server.failWith(503);
      await expectOpens(setting);
    }),

  "breaker opens on connection refused": (cell) =>
    inSetting(cell, {}, async (setting) => {
      await setting.server.stop();
      await expectOpens(setting);
    }),

  "half-open probe": (cell) =>
    inSetting(cell, {}, async (setting) => {
      await setting.server.stop();
      await callUntilOpen(setting);
      await setting.server.restart();
      let successes = 0;
      for (const deadline = Date.now() + 40_000; successes < 3 && Date.now() < deadline; ) {
        const { message } = await setting.call("write");
        if (message.result !== undefined) successes += 1;
        else expect(message.error?.code).toBe(CLOSED);
        expect(setting.server.operations).toHaveLength(successes);
        await pause(BETWEEN_CALLS_MS);
      }
      expect(successes, "successful probes").toBe(3);
      await expectTransitions(setting, [
        "closed → open: failures",
        "open → half_open: time to probe",
        "half_open → closed: probes succeeded",
      ]);
    }),

  // A call takes its permit after it has waited for a slot: one that leaves before uses up no probe.
  [ABANDONED_WAITS]: (cell) =>
    inSetting(cell, { maxConcurrency: 1, bystander: true }, async (setting) => {
      const { server, serverId, logs } = setting;
      const streaming = setting.call("stream");
      await vi.waitFor(() => expect(server.load.running).toBe(1), WAIT);
      // Handed back by the administrator, it lets probes through at once.
      for (const state of ["open", "automatic"]) {
        await setting.administer("POST", `/servers/${serverId}/breaker`, { state });
      }
      for (let count = 0; count < 3; count += 1) await abandonWhileWaiting(setting);
      expect(await logs.transitions(serverId)).toEqual(["closed → open: forced"]);
      server.release();
      expect((await streaming).message).toMatchObject({ result: {} });
      await vi.waitFor(async () => {
        await setting.call("write");
        expect(await logs.transitions(serverId)).toEqual([
          "closed → open: forced",
          "open → half_open: time to probe",
          "half_open → closed: probes succeeded",
        ]);
      }, WAIT);
    }),

  "held-open breaker": (cell) =>
    inSetting(cell, {}, async (setting) => {
      await setting.administer("POST", `/servers/${setting.serverId}/breaker`, { state: "open" });
      // Isolates get it with their next request to the tenant's object.
      const refused = await callUntilRefused(setting);
      const reached = setting.server.operations.join(" ");
      await expectFacts(setting, refused, WRITE, {
        ...failed(setting, refused, WRITE, "upstream_closed"),
        "error_logs rows": 0,
        "reached first": reached,
      });
      expect(refused.message.error?.message).not.toMatch(/failing|\b1 s\b/);
      await expectTransitions(setting, ["closed → open: forced"]);
    }),
};

/** Waits until every effect of the call would have happened before its caller disconnects. */
async function abandonWhileWaiting(setting: Setting): Promise<void> {
  const leaving = new AbortController();
  const call = setting.call("write", { signal: leaving.signal }).catch(() => undefined);
  for (let count = 0; count < 3; count += 1) await setting.callBystander();
  leaving.abort();
  await call;
}

async function callUntilRefused(setting: Setting): Promise<Answer> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const answer = await setting.call("write");
    if (isRefused(answer)) return answer;
    await pause(BETWEEN_CALLS_MS);
  }
  throw new Error("The breaker that an administrator holds open refuses nothing.");
}
