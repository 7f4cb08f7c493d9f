import { describe, expect, it } from "vitest";
import { findPasswordWeakness } from "../../src/core/password-strength.ts";

const CONTEXT = ["Zoe Waterstone", "zoe.waterstone@northwind.example", "Northwind Traders"];

describe("a new password", () => {
  it.each([
    ...[
      "password1234",
      "passwordpassword",
      "P@ssw0rd12345",
      "Password2026!",
      "qwertyuiop123",
      "123456789012",
    ],
    ...["aaaaaaaaaaaa", "abcdefghijkl", "1q2w3e4r5t6y", "iloveyou12345", "letmein123456", "administrator1"],
    ...["welcome12345!", "qwerty123456", "987654321098", "sunshine2024!", "ILOVEYOUFOREVER", "liverpool1892"],
  ])("is common: %s", (password) => {
    expect(findPasswordWeakness(password, [])).toBe("common");
  });

  it.each([
    "northwind2026",
    "Waterstone1984!",
    "traders-gateway",
    "Zoe.Waterstone",
    "registryserver",
    "n0rthw1nd-1234",
  ])("is made of names that an attacker can guess: %s", (password) => {
    expect(findPasswordWeakness(password, CONTEXT)).toBe("context");
  });

  it.each([
    ...[
      "correct horse battery staple",
      "another horse another battery",
      "tr0ub4dor&3 zephyr",
      "kQ9#vL2mZx8!pR",
    ],
    ...["my northwind dog barks at 7", "ein pferd isst keinen gurkensalat", "Blå kaffe på lørdag"],
  ])("is accepted: %s", (password) => {
    expect(findPasswordWeakness(password, CONTEXT)).toBeUndefined();
  });

  it("is checked in little time, whatever it contains", () => {
    for (const text of ["a".repeat(100_000), "qwerty".repeat(20_000), "ab".repeat(50_000)])
      expect(findPasswordWeakness(text, [text, "x y ".repeat(10_000)])).toBe("common");
  });
});
