/** The description of the REST interface: complete, true to its own rules, and readable. */
import { createExecutionContext, env } from "cloudflare:test";
import { Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { findBannedWords } from "../support/vocabulary.ts";
import { description, operations, schemaIn } from "./description.ts";
import { restRoutes } from "./route-table.ts";

describe("the description", () => {
  it("names every route of the interface once", () => {
    const described = operations.map(
      ({ method, path }) => `${method} /api/v1${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
    );
    expect(described.toSorted()).toEqual(
      restRoutes()
        .map(({ method, path }) => `${method} ${path}`)
        .toSorted(),
    );
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  });

  it("uses no banned word in a title, summary or description", () => {
    // The name of a permission is a contract.
    const document = JSON.stringify(description).replaceAll("registry-sources.synchronise", "");
    const texts = document.matchAll(/"(?:title|summary|description)":("(?:[^"\\]|\\.)*")/g);
    const words = [...texts].flatMap(([, text = '""']) => findBannedWords(JSON.parse(text)));
    expect(words).toEqual([]);
  });

  it("points at nothing that is not there", () => {
    const pointers = JSON.stringify(description).matchAll(/"\$ref":"([^"]+)"/g);
    for (const [, pointer = ""] of pointers) {
      const target = pointer
        .slice(2)
        .split("/")
        // biome-ignore lint/suspicious/noExplicitAny: a walk through arbitrary JSON.
        .reduce((value: any, step) => value?.[step], description);
      expect(target, pointer).toBeTypeOf("object");
    }
  });

  it.each(operations)(
    "$method $path: declares its path's parameters, and an example that fits",
    (operation) => {
      const { path, parameters, body } = operation;
      const declared = parameters
        .filter((parameter) => parameter.in === "path")
        .map(({ name }) => `{${name}}`);
      expect(declared).toEqual([...path.matchAll(/\{\w+\}/g)].map(([name]) => name));
      if (body === undefined) return;
      expect(body.example, "an example of the body").toBeDefined();
      const { valid, errors } = new Validator(schemaIn(body.schema), "2020-12").validate(body.example);
      expect(errors.map(({ error }) => error)).toEqual([]);
      expect(valid).toBe(true);
    },
  );

  it("is a page for people too, without a script", async () => {
    const request = new Request(`${env.PUBLIC_URL}/api/v1/docs`);
    const answer = await createApp().fetch(request, env, createExecutionContext());
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toMatch(/^<!doctype html><html/);
    expect(page).not.toMatch(/<script|style=|&amp;#|\[object/);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    for (const { id } of operations) expect(page).toContain(`id="${id}"`);
  });
});
