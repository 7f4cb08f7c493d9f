/** Removes members whose names indicate secrets from values that are stored or logged. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

const SECRET =
  /secret|password|passwd|passphrase|(?<!progress)token|hash|salt|authorization|cookie|credential|sealed|private|api.?key(?!_?ids?$)|backup.?codes/i;

/** Whatever stands under such a name is a secret. */
export const isSecretName = (name: string): boolean => SECRET.test(name);

/** As JSON, with secret members left out at every depth. Undefined where nothing is left. */
export function redactSecrets(value: object | undefined): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  const copy: Json = JSON.parse(JSON.stringify(value), (member, inner: Json) =>
    isSecretName(member) ? undefined : inner,
  );
  return typeof copy === "object" && copy !== null && !Array.isArray(copy) ? { ...copy } : { value: copy };
}
