import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./src/db/schema/index.ts",
  out: "./drizzle",
  // db:studio and db:migrate run as the owner; generating needs no database.
  dbCredentials: { url: process.env.DATABASE_URL ?? "postgres://localhost/unset" },
});
