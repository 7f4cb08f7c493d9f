// Types for the tests: the scripts that run before anything is installed are plain JavaScript.
export function isInstalled(projectDir: string): boolean;
export function ensureInstalled(projectDir: string): string | undefined;
export function npmCommand(): { command: string; args: string[] };
