// Types for the tests: the scripts that run before anything is installed are plain JavaScript.
export function nodeProblem(version: string): string | undefined;
export function launch(script: string, args: string[]): void;
