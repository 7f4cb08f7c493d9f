// The environment of a server's process: what every program needs, and what the command line names. Nothing else of this
// process's environment is passed on, and the gateway's key never is.

const ALWAYS =
  process.platform === "win32"
    ? [
        "APPDATA",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PATH",
        "PATHEXT",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
      ]
    : ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER"];
const NEVER = new Set(["GATEWAY_API_KEY"]);

type Environment = Readonly<Record<string, string | undefined>>;

/** `named`: NAME passes a variable on, NAME=value sets one. */
export function buildEnvironment(named: readonly string[], own: Environment): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of [...ALWAYS, ...named.filter((entry) => !entry.includes("="))]) {
    const value = own[name];
    if (value !== undefined && !NEVER.has(name)) environment[name] = value;
  }
  for (const entry of named.filter((each) => each.includes("="))) {
    const [name = "", ...rest] = entry.split("=");
    environment[name] = rest.join("=");
  }
  return environment;
}
