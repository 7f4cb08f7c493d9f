/** Restores a record that was just deleted. The seal proves that the same user deleted it. */
import { Hono } from "hono";
import { openFlash, setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";

export const undo = new Hono<AdminEnv>().post("/admin/undo", requirePagePermission("me.read"), async (c) => {
  const flash = await openFlash(c, c.get("form").flash ?? "");
  if (flash?.undo === undefined) return c.redirect("/admin", 303);
  const { api, back, body } = flash.undo;
  // Twice pressed, it is made once.
  const sent = await c
    .get("rest")
    .send("POST", api, { json: body, once: (c.get("form").flash ?? "").slice(-64) });
  await setFlash(c, {
    says: sent.ok ? "Restored." : `Restore failed: ${sent.refusal.message}`,
  });
  return c.redirect(back, 303);
});
