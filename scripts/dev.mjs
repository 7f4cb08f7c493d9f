// `npm run dev`: plain Node without dependencies, so that it works straight after `git clone`.
import { launch } from "./lib/bootstrap.mjs";

launch("run/dev.ts", process.argv.slice(2));
