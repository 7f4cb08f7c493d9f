/**
 * What a URI may mean to the server that reads it. A rule on `file:///secret/*` must also hold for
 * `file:///a/../secret/x` and for `file:///%73ecret/x`, which servers take for the same thing.
 */
export interface UriVariants {
  /** All that a deny must be held against. */
  readonly any: readonly string[];
  /** Those that an allow must match, every one. */
  readonly each: readonly string[];
}

/** Nothing in it that a reader could take for something else; most URIs are so, and cost one test. */
const PLAIN =
  /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.:_~-]*(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*\/?$/;

export function uriVariants(uri: string): UriVariants {
  if (PLAIN.test(uri)) return { any: [uri], each: [uri] };
  const clear = decode(uri.trim());
  const resolved = URL.parse(clear)?.href ?? clear;
  const variants = decode(resolved);
  const each = new Set([uri, clear, variants, withoutEmptySegments(variants)].map(withLowerCaseScheme));
  return { any: [...each, uri, resolved, URL.parse(uri)?.href ?? uri], each: [...each] };
}

/** Undone at most twice: who encodes three times is not understood by anyone. */
function decode(uri: string): string {
  const once = decodeOnce(uri);
  return once.includes("%") ? decodeOnce(once) : once;
}

function decodeOnce(uri: string): string {
  return uri.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

const withLowerCaseScheme = (uri: string) => uri.replace(/^[^:/?#]+:/, (scheme) => scheme.toLowerCase());

/** File systems take `a//b` for `a/b`. */
function withoutEmptySegments(uri: string): string {
  const path = uri.indexOf("/", uri.indexOf("://") + 3);
  return path < 0 ? uri : uri.slice(0, path) + uri.slice(path).replace(/\/{2,}/g, "/");
}

/** `config://…`: the gateway's or a server's own settings, for admins only. */
export const isConfiguration = ({ any }: UriVariants): boolean =>
  any.some((uri) => uri.startsWith("config:"));
