// `npm run -s gateway -- COMMAND …`: the command line of scripts/cli, from the repository.
import { main } from "./cli/main.ts";
import { runMain } from "./lib/problem.ts";

if (import.meta.main) await runMain(() => main(process.argv.slice(2)));
