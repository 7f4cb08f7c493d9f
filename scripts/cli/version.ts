// The version of the command line package.
import packageFile from "./package.json" with { type: "json" };

export const VERSION: string = packageFile.version;
