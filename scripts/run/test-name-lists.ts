// Compares two lists of tests by name.

export interface NamedTest {
  /** The titles of the suites and of the test, joined by " > ". */
  readonly name: string;
  readonly file: string;
}

/** The tests of `before` that `after` lacks, wherever their files lie. A name that stands twice must stand twice. */
export function missingNames(before: readonly NamedTest[], after: readonly NamedTest[]): NamedTest[] {
  const left = new Map<string, number>();
  for (const { name } of after) left.set(name, (left.get(name) ?? 0) + 1);
  return before.filter(({ name }) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count <= 0;
  });
}
