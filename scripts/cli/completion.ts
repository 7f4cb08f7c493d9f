// completion: a script for the shell that completes the names of the commands.
import { Problem } from "../lib/problem.ts";
import { EXIT_USAGE } from "../lib/usage.ts";
import { type Command, readOptions } from "./command.ts";

const HELP = `mcp-gateway completion bash|zsh|fish

Prints a completion script for a shell.

Example
  source <(mcp-gateway completion bash)`;

const SHELLS: Readonly<Record<string, (names: readonly string[]) => string>> = {
  bash: (names) => `complete -o default -W "${names.join(" ")}" mcp-gateway`,
  zsh: (names) =>
    `#compdef mcp-gateway\n_mcp_gateway() { compadd ${names.join(" ")} }\ncompdef _mcp_gateway mcp-gateway`,
  fish: (names) => `complete -c mcp-gateway -n __fish_use_subcommand -f -a "${names.join(" ")}"`,
};

export function createCompletionCommand(listNames: () => readonly string[]): Command {
  return {
    name: "completion",
    summary: "Print a completion script for a shell",
    help: HELP,
    async run(args) {
      const { positionals } = readOptions(args, {}, HELP);
      const [shell = ""] = positionals;
      const format = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (format === undefined)
        throw new Problem(`The shell must be bash, zsh or fish.\n\n${HELP}`, EXIT_USAGE);
      console.log(format(listNames()));
      return 0;
    },
  };
}
