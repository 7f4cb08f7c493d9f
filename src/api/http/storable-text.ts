/**
 * Rejects JSON that the database cannot store: text with a NUL or an unpaired surrogate, and unlimited nesting. Applied
 * to all input at once, so that no route has to check it.
 */
import type { InputIssue } from "../../core/errors.ts";

const MAX_DEPTH = 60;

type Path = readonly PropertyKey[];

export function findTextFaults(value: unknown, place: (path: Path) => string): InputIssue[] {
  const faults: InputIssue[] = [];
  const look = (inner: unknown, path: Path) => {
    if (faults.length >= 20) return;
    if (typeof inner === "string") {
      if (inner.includes("\0") || !inner.isWellFormed()) {
        faults.push({ path: place(path), message: "contains a character that cannot be stored" });
      }
    } else if (typeof inner === "object" && inner !== null) {
      if (path.length >= MAX_DEPTH) {
        faults.push({ path: place(path.slice(0, 1)), message: "is nested too deeply" });
        return;
      }
      for (const [member, next] of Object.entries(inner)) {
        look(member, path);
        look(next, [...path, member]);
      }
    }
  };
  look(value, []);
  return faults;
}
