/**
 * Where the test of a file is: at the mirrored path, with the mirrored name.
 *
 * `src/a/b.ts` → `tests/a/b.test.ts`, `scripts/a/b.ts` → `tests/scripts/a/b.test.ts`; the test of a folder has the folder's
 * path. `.node` before `.test` runs a file outside workerd. A further word names an aspect: `b.limits.test.ts`.
 * A test of behavior across files has no such file. It is in the folder of the layer through which it enters, and is named
 * after the behavior.
 */
import { basename, dirname } from "node:path";

/** Layers whose tests enter through them, and test behavior across files as well. */
const BEHAVIOR_FOLDERS = [
  ...["api", "connected-accounts", "connector", "db", "discovery", "durable-objects", "gateway", "identity"],
  ...["logs", "operations", "policy", "registry"],
];

/** Folders of tests that enter from outside, and so mirror nothing. */
const OUTSIDE_FOLDERS: Readonly<Record<string, string>> = {
  browser: "the pages in Chromium",
  conformance: "the official conformance suite",
  protocol: "every policy, era and endpoint by one table",
  security: "hostile peers and the table of findings",
};

/** Tests in other folders that mirror nothing, each with the reason. */
export const LAYOUT_EXCEPTIONS: Readonly<Record<string, string>> = {
  "tests/architecture.node.test.ts": "reads the source tree",
  "tests/docs.node.test.ts": "reads the documentation",
  "tests/names.node.test.ts": "reads the source tree",
  "tests/vocabulary.node.test.ts": "reads the source tree",
  "tests/core/linear-time.test.ts": "runs every reader of outside text in core",
  "tests/middleware/request-body.test.ts":
    "tests core/net/request-body.ts in workerd, whose streams it depends on",
  "tests/scripts/sidecar.test.ts": "tests a fixture",
};

const EXTENSIONS = /\.(?:tsx?|mjs|js)$/;

/** The path without extension of the file or the folder that a test mirrors. */
function mirroredPath(test: string): string {
  const [name = ""] = basename(test).split(".");
  const folder = dirname(test).replace(/^tests\/?/, "");
  const path = folder === "" ? name : `${folder}/${name}`;
  return path.startsWith("scripts/") ? path : `src/${path}`;
}

/** Returns the faults of the tests' places; `files` are all files of src, scripts and tests. */
export function findMisplacedTests(files: readonly string[]): string[] {
  const sources = files.filter((file) => !file.startsWith("tests/") && EXTENSIONS.test(file));
  const known = new Set(sources.flatMap((file) => [file.replace(EXTENSIONS, ""), ...listFolders(file)]));
  return files
    .filter((file) => /^tests\/.*\.test\.tsx?$/.test(file) && !known.has(mirroredPath(file)))
    .flatMap((file) => describeFault(file, sources) ?? []);
}

function describeFault(test: string, sources: readonly string[]): string | undefined {
  const [, layer = ""] = test.split("/");
  if (Object.hasOwn(LAYOUT_EXCEPTIONS, test) || Object.hasOwn(OUTSIDE_FOLDERS, layer)) return undefined;
  if (!BEHAVIOR_FOLDERS.includes(layer)) return `${test} mirrors no file of src or scripts`;
  const [name] = basename(test).split(".");
  const namesake = sources.find(
    (file) => file.startsWith(`src/${layer}/`) && basename(file).replace(EXTENSIONS, "") === name,
  );
  return namesake && `${test} has the name of ${namesake} and another path`;
}

function listFolders(file: string): string[] {
  const folder = dirname(file);
  return folder === "." ? [] : [folder, ...listFolders(folder)];
}
