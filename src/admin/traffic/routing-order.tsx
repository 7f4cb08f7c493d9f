/** The order in which routing rules are tried: by dragging, by Alt and the arrows, and without script by buttons. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Button, Notice, PostForm } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Badge, Empty } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { conditionsShape, readConditions } from "./routing-conditions.ts";

const PATH = "/admin/routing/order";
const LIST = "/admin/routing";

const rule = z.object({
  id: z.string(),
  name: z.string(),
  conditions: conditionsShape,
  isActive: z.boolean(),
});
type Rule = z.infer<typeof rule>;

async function rulesOf(c: Context<AdminEnv>): Promise<readonly Rule[]> {
  const { value } = await c
    .get("rest")
    .read("/routing-rules", pageShape(rule), { sort: "priority,name", limit: 200 });
  return value.items;
}

/** Sorts existing rules as in the form; rules created since are last. */
function inOrder(rules: readonly Rule[], ids: readonly string[]): readonly Rule[] {
  const known = new Map(rules.map((each) => [each.id, each]));
  const named = ids.flatMap((id) => known.get(id) ?? []);
  return [...named, ...rules.filter((each) => !named.includes(each))];
}

/** `move`: an id, and `up` or `down`. */
export function moved(ids: readonly string[], move: string): readonly string[] {
  const [id = "", way] = move.split(" ");
  const from = ids.indexOf(id);
  const to = from + (way === "up" ? -1 : 1);
  if (from < 0 || to < 0 || to >= ids.length) return ids;
  return ids.toSpliced(from, 1).toSpliced(to, 0, id);
}

export const routingOrder = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("routing-rules.update"), async (c) =>
    c.html(<OrderPage c={c} rules={await rulesOf(c)} isSaved />),
  )
  .post(PATH, requirePagePermission("routing-rules.update"), async (c) => {
    const ids = c.get("posted").getAll("ids");
    const { move } = c.get("form");
    if (move !== undefined) {
      const rules = inOrder(await rulesOf(c), moved(ids, move));
      return c.html(<OrderPage c={c} rules={rules} isSaved={false} />);
    }
    const sent = await c.get("rest").send("POST", "/routing-rules/order", { json: { ids } });
    return redirectWithFlash(c, sent, { says: "Order saved.", back: LIST, otherwise: PATH });
  });

interface OrderProps {
  readonly c: Context<AdminEnv>;
  readonly rules: readonly Rule[];
  readonly isSaved: boolean;
}

function OrderPage({ c, rules, isSaved }: OrderProps) {
  return (
    <Page
      title="Order of routing rules"
      intro="The first matching rule applies. Drag a rule, or move it with Alt and the arrow keys."
      frame={buildFrame(c)}
    >
      {!isSaved && <Notice>Not saved yet.</Notice>}
      {rules.length === 0 && (
        <div class="card">
          <Empty title="No routing rules yet">
            <p>Create rules before you reorder them.</p>
          </Empty>
        </div>
      )}
      {rules.length > 0 && (
        <PostForm action={PATH} token={c.get("formToken")} class="wide">
          <ol class="order">
            {rules.map(({ id, name, conditions, isActive }, index) => (
              <li data-row draggable>
                <input type="hidden" name="ids" value={id} />
                <span class="grip" aria-hidden="true">
                  ⠿
                </span>
                <span>
                  <a href={`${LIST}/${id}`} data-handle>
                    {name}
                  </a>{" "}
                  {!isActive && <Badge tone="off">disabled</Badge>}
                  <br />
                  <span class="quiet-text">{readConditions(conditions)}</span>
                </span>
                <span class="start">
                  {index > 0 && <Move id={id} way="up" name={name} />}
                  {index < rules.length - 1 && <Move id={id} way="down" name={name} />}
                </span>
              </li>
            ))}
          </ol>
          <div class="start">
            <Button>Save order</Button>
            <a class="button quiet" href={LIST}>
              Cancel
            </a>
          </div>
        </PostForm>
      )}
    </Page>
  );
}

function Move({ id, way, name }: { id: string; way: "up" | "down"; name: string }) {
  return (
    <button type="submit" class="quiet" name="move" value={`${id} ${way}`} aria-label={`Move ${name} ${way}`}>
      {way === "up" ? "↑" : "↓"}
    </button>
  );
}
