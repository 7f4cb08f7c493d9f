// `npm test`: plain Node without dependencies, so that it works straight after `git clone`.
import { launch } from "./lib/bootstrap.mjs";

launch("run/test.ts", process.argv.slice(2));
