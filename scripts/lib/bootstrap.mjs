// The first code that runs on an unknown machine. It must parse on Nodes too old for the rest, so it imports
// nothing before the version is checked and keeps to plain syntax.

/** @param {string} version */
export function nodeProblem(version) {
  const major = Number(version.split(".")[0]);
  if (major >= 20) return undefined;
  return `Node ${version} is too old: install Node 20 or newer (https://nodejs.org) and retry.`;
}

/** @param {string} script @param {string[]} args */
export function launch(script, args) {
  const problem = nodeProblem(process.versions.node);
  if (problem) {
    console.error(problem);
    process.exitCode = 1;
    return;
  }
  import("./start.mjs").then((module) => module.installAndStart(script, args));
}
