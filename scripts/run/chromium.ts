// Finds the browser of tests/browser: what CHROMIUM_PATH names, or Debian's Chromium. Where it is missing and this
// machine lets us, it is installed; else those tests report why they did not run.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

// The headless shell comes first: the same engine without the browser around it opens a page in a third of the time.
const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
/** Older Debians have no headless shell. */
const PACKAGES = ["chromium-headless-shell", "chromium"];

export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  return [...(named === undefined ? [] : [named]), ...PLACES].find((path) => existsSync(path));
}

export function ensureChromium(print: (line: string) => void): string | undefined {
  const found = findChromium();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  print("Installing Chromium for the browser tests …");
  const apt = (...args: string[]) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  const install = (name: string) => apt("install", "-y", "-qq", "--no-install-recommends", name);
  if (!apt("update", "-qq") || !PACKAGES.some(install)) {
    print("Chromium could not be installed: set CHROMIUM_PATH to a browser to run the browser tests.");
  }
  return findChromium();
}
