/** The notice about API keys that are about to expire. */
import { describe, expect, it } from "vitest";
import { MailNotConfiguredError } from "../../src/email/mailer.ts";
import { notifyExpiringKeys } from "../../src/jobs/expiring-keys.ts";
import { addTenant } from "../api/support.ts";
import { database, owner } from "../support/database.ts";

const DAY_MS = 86_400_000;
/** A time of this test only. */
const NOW = new Date("2091-05-04T03:17:00Z");
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY_MS);

async function collect(now: Date) {
  const mails: { to: string; text: string }[] = [];
  const sendMail = async (mail: { to: string; text: string }) => void mails.push(mail);
  const sent = await notifyExpiringKeys(
    { database, sendMail, publicUrl: "https://gateway.example.com" },
    now,
  );
  expect(sent).toBe(mails.length);
  return mails;
}

describe("keys that are about to expire", () => {
  it("are reported to their user, and those without one to the admins, a week and a day before", async () => {
    const tenant = await addTenant("expiring");
    const adminId = await tenant.addUser("admin");
    const own = await tenant.addKey({ role: "user" });
    const shared = await tenant.addKey({ role: "user" });
    const expire = (id: string, name: string, days: number) =>
      owner.query("update api_keys set name = $2, expires_at = $3 where id = $1", [id, name, inDays(days)]);
    await expire(own.id, "deploy", 6.5);
    await expire(shared.id, "nightly", 6.5);
    await owner.query("update api_keys set user_id = null where id = $1", [shared.id]);
    const emailOf = async (id: string | null) =>
      (await owner.query(`select email from "user" where id = $1`, [id]))[0]?.email;
    const mails = await collect(NOW);
    expect(mails.map(({ to }) => to).toSorted()).toEqual(
      [await emailOf(own.userId), await emailOf(adminId)].toSorted(),
    );
    const toUser = mails.find(({ text }) => text.includes("deploy"));
    expect(toUser?.text).toContain("https://gateway.example.com/admin/keys");
    expect(toUser?.text).not.toContain("nightly");
    expect(await collect(inDays(1))).toEqual([]);
    expect((await collect(inDays(6))).length).toBe(2);
    await owner.query("update api_keys set is_active = false where tenant_id = $1", [tenant.id]);
    expect(await collect(NOW)).toEqual([]);
  });

  it("are no failure of the job where no mail can be sent", async () => {
    const tenant = await addTenant("expiring-mute");
    const { id } = await tenant.addKey();
    await owner.query("update api_keys set expires_at = $2 where id = $1", [id, inDays(100.5)]);
    const sendMail = () => Promise.reject(new MailNotConfiguredError());
    await expect(
      notifyExpiringKeys({ database, sendMail, publicUrl: "https://gateway.example.com" }, inDays(94)),
    ).resolves.toBe(0);
  });
});
