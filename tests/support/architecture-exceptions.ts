/** What the architecture test tolerates until it is resolved. These lists may only shrink. */

/** Import cycles that exist for types only. */
export const CYCLES: readonly string[] = [
  [
    "src/admin/http/flash.ts",
    "src/admin/http/page-context.ts",
    "src/admin/http/require-permission.ts",
    "src/admin/http/sealed-cookie.ts",
    "src/admin/ui/frame.ts",
  ].join(" "),
];

/** Folders that import each other: shared types live beside their first user. */
export const FOLDER_CYCLES: readonly string[] = [
  ["src/admin/forms", "src/admin/http", "src/admin/ui"].join(" "),
];
