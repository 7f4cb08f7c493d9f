/**
 * Shows the differences between two values by member, as deletions and insertions, so that they do not depend on color.
 */
interface Difference {
  /** A JSON Pointer; empty for the whole. */
  readonly path: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export function Differences({ of }: { of: readonly Difference[] }) {
  return (
    <>
      {of.map(({ path, before, after }) => (
        <div class="difference">
          <code>{path || "/"}</code>
          {before !== undefined && (
            <pre>
              <del>{before}</del>
            </pre>
          )}
          {after !== undefined && (
            <pre>
              <ins>{after}</ins>
            </pre>
          )}
        </div>
      ))}
    </>
  );
}
