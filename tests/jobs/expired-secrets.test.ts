import { expect, it } from "vitest";
import { deleteExpiredSecrets } from "../../src/jobs/expired-secrets.ts";
import { database, owner } from "../support/database.ts";

it("the daily sweep takes what is over and leaves what is not", async () => {
  const mark = crypto.randomUUID();
  const put = "insert into verification (id, identifier, value, expires_at) values ($1, $2, 'x', $3)";
  await owner.query(put, [`${mark}-old`, mark, new Date(Date.now() - 1000)]);
  await owner.query(put, [`${mark}-new`, mark, new Date(Date.now() + 60_000)]);
  const attempt = "insert into auth_attempts (key, failures, updated_at) values ($1, 1, $2)";
  await owner.query(attempt, [`${mark}-old`, new Date(Date.now() - 2 * 86_400_000)]);
  await owner.query(attempt, [`${mark}-new`, new Date()]);
  await deleteExpiredSecrets(database, new Date());
  const left = await owner.query(
    "select id from verification where identifier = $1 union all select key from auth_attempts where key like $2",
    [mark, `${mark}%`],
  );
  expect(left.map(({ id }) => id)).toEqual([`${mark}-new`, `${mark}-new`]);
});
