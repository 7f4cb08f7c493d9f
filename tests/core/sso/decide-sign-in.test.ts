import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideSsoSignIn, type SsoSignInFacts } from "../../../src/core/sso/decide-sign-in.ts";

const known = {
  userId: "u",
  isOperator: false,
  isMember: true,
  isFormerMember: false,
  hasOtherSubject: false,
};
const facts: SsoSignInFacts = {
  linked: undefined,
  email: "a@example.com",
  isEmailVerified: true,
  isDomainVerified: true,
  byEmail: undefined,
  isJitEnabled: true,
};

const user = fc.option(
  fc.record({
    userId: fc.constantFrom("one", "two"),
    isOperator: fc.boolean(),
    isMember: fc.boolean(),
    isFormerMember: fc.boolean(),
    hasOtherSubject: fc.boolean(),
  }),
  { nil: undefined },
);
const anyFacts = fc.record({
  linked: user,
  email: fc.constantFrom("a@example.com", undefined),
  isEmailVerified: fc.constantFrom(true, false, undefined),
  isDomainVerified: fc.boolean(),
  byEmail: user,
  isJitEnabled: fc.boolean(),
});

describe("decideSsoSignIn", () => {
  it.each<[string, Partial<SsoSignInFacts>, object]>([
    ["enters the account of a known subject", { linked: known }, { kind: "enter", userId: "u" }],
    ["creates a member", {}, { kind: "create", email: "a@example.com" }],
    [
      "connects a member",
      { byEmail: known, isJitEnabled: false },
      { kind: "link", userId: "u", joins: false },
    ],
    [
      "makes a user a member",
      { byEmail: { ...known, isMember: false } },
      { kind: "link", userId: "u", joins: true },
    ],
    [
      "creates no member without just-in-time membership",
      { isJitEnabled: false },
      { code: "sso_not_member" },
    ],
    ["requires an address", { email: undefined }, { code: "sso_email_missing" }],
  ])("%s", (_, some, decision) => {
    expect(decideSsoSignIn({ ...facts, ...some })).toMatchObject(decision);
  });

  it("never enters an operator's account, nor connects one by an address that is not proved", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const decision = decideSsoSignIn(given);
        if (decision.kind === "refused") return;
        const entered = decision.kind === "enter" ? given.linked : given.byEmail;
        expect(entered?.isOperator ?? false).toBe(false);
        if (decision.kind === "enter") return;
        expect(given).toMatchObject({ isDomainVerified: true, linked: undefined });
        expect(given.isEmailVerified).not.toBe(false);
        expect(given.byEmail?.hasOtherSubject ?? false).toBe(false);
        // What makes a member is allowed, and does not make one again.
        if (decision.kind === "create" || decision.joins) expect(given.isJitEnabled).toBe(true);
        if (decision.kind === "link" && decision.joins) expect(given.byEmail?.isFormerMember).toBe(false);
      }),
    );
  });
});
