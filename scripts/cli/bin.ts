// The entry of the package's command `mcp-gateway`.
import { runMain } from "../lib/problem.ts";
import { main } from "./main.ts";

await runMain(() => main(process.argv.slice(2)));
