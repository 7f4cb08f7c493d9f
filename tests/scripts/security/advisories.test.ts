/** No installed package has a published vulnerability of the committed list of advisories. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compareVersions, installedVersions, listAffected } from "../../../scripts/security/advisories.ts";

const readJson = <S extends z.ZodType>(file: string, shape: S): z.output<S> =>
  shape.parse(JSON.parse(readFileSync(file, "utf8")));

const version = z.string().regex(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
const { advisories } = readJson(
  "scripts/security/advisories.json",
  z.strictObject({
    updated: z.iso.date(),
    advisories: z.array(
      z.strictObject({
        id: z.string().regex(/^(?:GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|CVE-\d{4}-\d+)$/),
        package: z.string(),
        title: z.string(),
        introduced: version.optional(),
        fixed: version,
        accepted: z.strictObject({ versions: z.array(version), reason: z.string().min(20) }).optional(),
      }),
    ),
  }),
);
const { packages } = readJson(
  "package-lock.json",
  z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) }),
);
const installed = installedVersions(packages);

describe("the committed advisories", () => {
  it("affect no installed package", () => {
    expect(listAffected(installed, advisories)).toEqual([]);
  });

  it("name packages that are installed, and accept versions that are", () => {
    const stale = advisories.filter(({ package: name }) => !installed.has(name)).map(({ id }) => id);
    expect(stale).toEqual([]);
    const unneeded = advisories.filter(
      ({ package: name, accepted }) =>
        accepted?.versions.some((known) => installed.get(name)?.has(known) !== true) === true,
    );
    expect(unneeded).toEqual([]);
  });
});

describe("an advisory", () => {
  const of = (...versions: string[]) => new Map([["hono", new Set(versions)]]);
  const advisory = { id: "GHSA-x", package: "hono", title: "x", introduced: "4.0.0", fixed: "4.9.7" };

  it("affects the versions from where it was introduced to before where it was fixed", () => {
    const affected = listAffected(of("3.9.9", "4.0.0", "4.9.6", "4.9.7-beta.1", "4.9.7", "4.10.0"), [
      advisory,
    ]);
    expect(affected.map((found) => found.version)).toEqual(["4.0.0", "4.9.6", "4.9.7-beta.1"]);
  });

  it("compares numbers as numbers, and a prerelease before its release", () => {
    expect(compareVersions("4.10.0", "4.9.9")).toBeGreaterThan(0);
    expect(compareVersions("1.0.0-rc.1", "1.0.0")).toBeLessThan(0);
    expect(compareVersions("1.0.0+build", "1.0.0")).toBe(0);
  });
});
