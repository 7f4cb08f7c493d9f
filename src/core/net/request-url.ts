/**
 * Parts of a request's own URL. The runtime has parsed and normalised it, so that cutting it up is enough; to parse it
 * again costs as much as all else that is decided about a request.
 */

/** With the port, where it is not the scheme's own. */
export function getHost(url: string): string {
  const start = hostStart(url);
  return url.slice(start, pathStart(url, start));
}

/** Without the query. */
export function getPath(url: string): string {
  const query = url.indexOf("?");
  return url.slice(pathStart(url, hostStart(url)), query === -1 ? undefined : query);
}

export function getQuery(url: string): URLSearchParams | undefined {
  const query = url.indexOf("?");
  return query === -1 ? undefined : new URLSearchParams(url.slice(query));
}

const hostStart = (url: string) => url.indexOf("//") + 2;

const pathStart = (url: string, from: number) => url.indexOf("/", from);
