// A plan for people: what is made (+), changed (~) and removed (-), and of a change only the members that differ.
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { PlannedChange } from "../gateway-client.ts";

const SIGNS = { create: "+", update: "~", delete: "-" } as const;

export function formatPlan(changes: readonly PlannedChange[]): string[] {
  if (changes.length === 0) return ["No changes."];
  const count = (how: PlannedChange["action"]) => changes.filter((change) => change.action === how).length;
  const summary = `${count("create")} to create, ${count("update")} to update, ${count("delete")} to delete`;
  return [...changes.flatMap(linesOf), summary];
}

function linesOf(change: PlannedChange): string[] {
  const { section, name, before = {}, after = {}, secret } = change;
  const head = `${SIGNS[change.action]} ${section} ${name}`;
  if (change.action === "delete") return [head];
  if (change.action === "create") return [head, ...indented(stringify(after), "    ")];
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const differing = members.filter((member) => !isDeepStrictEqual(before[member], after[member]));
  return [
    head,
    ...differing.map((member) => `    ${member}: ${short(before[member])} → ${short(after[member])}`),
    ...(secret === true ? ["    new secret value"] : []),
  ];
}

const short = (value: unknown) => (value === undefined ? "(default)" : JSON.stringify(value));

const indented = (text: string, by: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => by + line);
