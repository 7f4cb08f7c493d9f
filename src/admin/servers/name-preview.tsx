/** The tool names that clients will see when a server is registered, and those that change for them. */
import { z } from "zod";
import { Notice } from "../forms/controls.tsx";
import { PreviewResult } from "../forms/preview.tsx";

export const nameChanges = z.object({
  added: z.array(z.object({ name: z.string(), exposed: z.string().nullable() })),
  renamed: z.array(z.object({ server: z.string(), from: z.string(), to: z.string() })),
});

const SHOWN = 20;

export function NamePreview({ changes }: { changes: z.output<typeof nameChanges> | undefined }) {
  if (changes === undefined) {
    return (
      <PreviewResult>
        <p class="quiet-text">Enter a name to see the tool names that clients will use.</p>
      </PreviewResult>
    );
  }
  const { added, renamed } = changes;
  return (
    <PreviewResult>
      {renamed.length > 0 && (
        <>
          <Notice bad>
            Clients will see new names for {renamed.length} existing {renamed.length === 1 ? "tool" : "tools"}
            , because this server has tools of the same name. To offer them as one tool, add a routing rule
            instead.
          </Notice>
          <ul class="tight">
            {renamed.slice(0, SHOWN).map(({ server, from, to }) => (
              <li>
                <code>{from}</code> of {server} becomes <code>{to}</code>
              </li>
            ))}
            {renamed.length > SHOWN && <li>and {renamed.length - SHOWN} more</li>}
          </ul>
        </>
      )}
      <p>
        {added.length === 0 ? "The server has no tools." : "Tools of this server, as clients will see them:"}
      </p>
      <ul class="tight">
        {added.slice(0, SHOWN).map(({ name, exposed }) => (
          <li>
            {exposed === null ? (
              <>
                <code>{name}</code> is hidden: another server's tool has this name.
              </>
            ) : (
              <code>{exposed}</code>
            )}
          </li>
        ))}
        {added.length > SHOWN && <li>and {added.length - SHOWN} more</li>}
      </ul>
    </PreviewResult>
  );
}
