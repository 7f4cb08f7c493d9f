// `npm run db:studio`: Drizzle Studio on DATABASE_URL, or on the development database, started for the while.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { projectDir } from "../lib/paths.ts";
import { runMain } from "../lib/problem.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";

await runMain(async () => {
  // Ctrl-C reaches studio by itself; this process stays to stop the database behind it.
  process.on("SIGINT", () => {});
  let exitCode = 0;
  await withDatabaseUrl(async (ownerUrl) => {
    const studio = spawn(
      process.execPath,
      [join(projectDir, "node_modules", "drizzle-kit", "bin.cjs"), "studio"],
      {
        cwd: projectDir,
        env: { ...process.env, DATABASE_URL: ownerUrl },
        stdio: "inherit",
      },
    );
    const [code] = await once(studio, "exit");
    exitCode = typeof code === "number" ? code : 0;
  });
  return exitCode;
});
