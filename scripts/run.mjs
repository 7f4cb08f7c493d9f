// Runs any other script of this folder with the Node of node_modules: `node scripts/run.mjs db/migrate.ts`.
import { launch } from "./lib/bootstrap.mjs";

launch(process.argv[2], process.argv.slice(3));
