/**
 * What a form would do if it were saved, below its fields: follows each change where there is script, and opens as a
 * page of its own where there is none.
 */
import type { Child } from "hono/jsx";

/** `path` answers a POST of the form with a page that has a `PreviewResult`. */
export function FormPreview({ path }: { path: string | undefined }) {
  if (path === undefined) return null;
  return (
    <div
      hx-post={path}
      hx-trigger="load, change from:closest form delay:200ms"
      hx-include="closest form"
      hx-select=".preview"
      hx-swap="innerHTML"
      aria-live="polite"
    >
      <button type="submit" class="quiet" formaction={path} formnovalidate>
        Preview
      </button>
    </div>
  );
}

export function PreviewResult({ children }: { children?: Child }) {
  return (
    <section class="preview" aria-label="Preview">
      <h2>Preview</h2>
      {children}
    </section>
  );
}
