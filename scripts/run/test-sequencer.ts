// Orders the test files project by project: a runtime goes on to the next file only if that is of the same project.
import { relative } from "node:path";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";
import { projectDir } from "../lib/paths.ts";

/** The longest first, so that none of them is left alone at the end. */
const PROJECT_ORDER = ["browser", "workerd", "node", "core"];

/** Files that mostly wait, for minutes: they start first, beside those that compute. */
const FIRST_FILES: readonly string[] = [
  "tests/protocol/policy-matrix/policy-matrix.node.test.ts",
  "tests/scripts/run/dev.test.ts",
];

export class ProjectSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => position(a) - position(b));
  }
}

function position({ project, moduleId }: TestSpecification): number {
  if (FIRST_FILES.includes(relative(projectDir, moduleId))) return -1;
  return PROJECT_ORDER.indexOf(project.name);
}
