/** A user's own name and username. */
import { Hono } from "hono";
import { isUniqueViolation } from "../../db/errors.ts";
import { findProfile, updateProfile } from "../../db/queries/identity/profile.ts";
import { recordAudit } from "../../db/queries/logs/security.ts";
import { profileChange, USERNAME_TAKEN } from "../../identity/users/profile.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HERE = "/account/profile";

interface Entered {
  readonly name: string;
  readonly username: string;
}

const profilePage = (frame: Frame, { name, username }: Entered, problem?: string) => (
  <Page title="Profile" frame={frame} narrow crumbs={[{ label: "Account", path: "/account" }]}>
    {problem !== undefined && <Notice bad>{problem}</Notice>}
    <div class="card">
      <PostForm action={HERE} token={frame.formToken}>
        <Field name="name" label="Name" value={name} autocomplete="name" maxlength={200} />
        <Field
          name="username"
          label="Username"
          value={username}
          autocomplete="username"
          maxlength={64}
          hint="Optional. Signs in like your email: 3 to 64 letters, digits, dots, hyphens or underscores."
          optional
        />
        <Button>Save changes</Button>
      </PostForm>
    </div>
  </Page>
);

export const profile = new Hono<SignedInEnv>()
  .get(HERE, requireSignedIn, async (c) => {
    const [own] = await findProfile(c.get("services").database.asSystem(), c.get("person").id);
    const entered = { name: own?.name ?? "", username: own?.displayUsername ?? own?.username ?? "" };
    return c.html(profilePage(buildFrame(c), entered));
  })
  .post(HERE, requireSignedIn, async (c) => {
    const { database, people } = c.get("services");
    const person = c.get("person");
    const { name = "", username = "" } = c.get("form");
    const again = (problem: string) => c.html(profilePage(buildFrame(c), { name, username }, problem), 422);
    if (person.impersonatorId !== undefined) {
      return again("A profile cannot be changed while you impersonate its user.");
    }
    const change = profileChange.safeParse({
      name,
      username: username.trim() === "" ? null : username.trim(),
    });
    if (!change.success) {
      return again(
        change.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join(" · "),
      );
    }
    const db = database.asSystem();
    try {
      await db.batch([
        updateProfile(db, person.id, change.data),
        recordAudit(db, {
          tenantId: person.tenant?.id,
          userId: person.id,
          sessionId: person.sessionId,
          action: "me.update",
          resourceType: "user",
          resourceId: person.id,
          success: true,
          details: { after: change.data },
        }),
      ]);
    } catch (error) {
      if (isUniqueViolation(error)) return again(USERNAME_TAKEN);
      throw error;
    }
    await people.onUserChanged(person.id);
    return c.redirect("/account?done=profile", 303);
  });
