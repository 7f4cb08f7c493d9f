// Orders the test files project by project: a runtime goes on to the next file only if that is of the same project.
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** The longest first, so that none of them is left alone at the end. */
const ORDER = ["browser", "workerd", "node", "core"];

export class ProjectSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}
