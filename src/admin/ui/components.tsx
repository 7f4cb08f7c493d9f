/** The small parts that pages are made of. */
import type { Child } from "hono/jsx";

export type Tone = "good" | "warn" | "bad" | "off" | "plain";

/** Status is never shown by color alone: the badge has a text and a symbol. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children?: Child }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export const utcText = (time: string | Date) =>
  `${(typeof time === "string" ? time : time.toISOString()).slice(0, 19).replace("T", " ")} UTC`;

/** UTC as it comes; the script shows it as this place's time. */
export function Time({ at, none = "never" }: { at: string | Date | null | undefined; none?: string }) {
  if (at === null || at === undefined) return <span class="quiet-text">{none}</span>;
  return <time datetime={typeof at === "string" ? at : at.toISOString()}>{utcText(at)}</time>;
}

export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export interface Tab {
  readonly label: string;
  readonly path: string;
}

export function Tabs({ tabs, current, label }: { tabs: readonly Tab[]; current: string; label: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a href={tab.path} aria-current={tab.path === current ? "page" : undefined}>
          {tab.label}
        </a>
      ))}
    </nav>
  );
}

/** Figures in a row: label, value and note. */
export function Stats({
  stats,
}: {
  stats: readonly { readonly label: string; readonly value: Child; readonly note?: Child }[];
}) {
  return (
    <dl class="stats">
      {stats.map(({ label, value, note }) => (
        <div class="card stat">
          <dt>{label}</dt>
          <dd>{value}</dd>
          {note !== undefined && <dd class="note">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}

export function Details({ of }: { of: readonly (readonly [label: string, value: Child])[] }) {
  return (
    <dl class="details">
      {of.map(([label, value]) => (
        <>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** Copies `text`, or the text of the element with the id `from`. Without script there is no button. */
export function CopyButton({ from, text, label = "Copy" }: { from?: string; text?: string; label?: string }) {
  return (
    <button type="button" class="quiet" data-copy={from ?? ""} data-text={text} hidden>
      {label}
    </button>
  );
}

/** Pauses a live region. Without script there are no live updates and no button. */
export function PauseButton({ of }: { of: string }) {
  return (
    <button type="button" class="quiet" data-pauses={of} aria-pressed="false" hidden>
      Pause
    </button>
  );
}

/** What is slow comes after the page; without script it is a link to the same. */
export function LazyFragment({ path, label }: { path: string; label: string }) {
  return (
    <div class="card later" hx-get={path} hx-trigger="load" hx-swap="outerHTML" hx-select=".fragment">
      <a href={path}>{label}</a>
    </div>
  );
}

/**
 * Updates from the server by the events `replace` and `prepend` (ui/live.ts). Without script the rows
 * that were there when the page was made stand still.
 */
export function Live({
  id,
  path,
  most,
  class: kind = "",
  children,
}: {
  id: string;
  path: string;
  most?: number;
  class?: string;
  children?: Child;
}) {
  return (
    <div class="live">
      <p class="quiet-text" id={`${id}-state`} role="status" />
      <div id={id} class={kind} data-live={path} data-most={most}>
        {children}
      </div>
    </div>
  );
}

/** A column of figures has its name at the right, as its figures stand. */
export type ColumnName = string | { readonly figure: string };

export function TableHead({ columns }: { columns: readonly ColumnName[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) =>
          typeof column === "string" ? (
            <th scope="col">{column}</th>
          ) : (
            <th scope="col" class="number">
              {column.figure}
            </th>
          ),
        )}
      </tr>
    </thead>
  );
}
