/** The versions of a value: who made which, what it changed, and the way back to it. */
import { z } from "zod";
import { diffLines } from "../../core/text-diff.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import { Badge, Time } from "../ui/components.tsx";

export const version = z.object({
  version: z.number(),
  value: z.unknown(),
  changedBy: z.string().nullable(),
  createdAt: z.string(),
});

export type Version = z.output<typeof version>;

/** As it is compared: texts as they are, everything else as readable JSON. */
export const toText = (value: unknown) =>
  typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");

function Difference({ before, after }: { before: unknown; after: unknown }) {
  return (
    <pre>
      {diffLines(toText(before), toText(after)).map(({ kind, text }) => {
        if (kind === "gone") return <del>{`− ${text}\n`}</del>;
        return kind === "new" ? <ins>{`+ ${text}\n`}</ins> : `  ${text}\n`;
      })}
    </pre>
  );
}

interface HistoryProps {
  /** Newest first. */
  readonly versions: readonly Version[];
  readonly isSecret: boolean;
  /** Names of people by their id. */
  readonly names: ReadonlyMap<string, string>;
  /** Where one is brought back; undefined where this person may not. */
  readonly restore: { readonly action: string; readonly token: string; readonly etag?: string } | undefined;
}

export function History({ versions, isSecret, names, restore }: HistoryProps) {
  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      <ul class="plain">
        {versions.map(({ version: number, value, changedBy, createdAt }, at) => {
          const before = versions[at + 1];
          return (
            <li>
              <div class="row">
                <span>
                  <strong>Version {number}</strong> <Time at={createdAt} />{" "}
                  <span class="quiet-text">
                    {changedBy === null ? "" : `by ${names.get(changedBy) ?? changedBy}`}
                  </span>
                </span>
                {at === 0 && <Badge tone="good">Current</Badge>}
                {at > 0 && restore !== undefined && (
                  <PostForm
                    action={restore.action}
                    token={restore.token}
                    hidden={{ version: String(number), etag: restore.etag }}
                    class="inline"
                  >
                    <Button kind="quiet">{`Restore version ${number}`}</Button>
                  </PostForm>
                )}
              </div>
              {isSecret && <p class="quiet-text">Encrypted. Not shown.</p>}
              {!isSecret && before === undefined && <pre>{toText(value)}</pre>}
              {!isSecret && before !== undefined && <Difference before={before.value} after={value} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
