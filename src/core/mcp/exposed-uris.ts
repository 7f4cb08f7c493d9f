/**
 * The URIs under which the resources and templates of many servers appear as those of one, and the way back. A URI
 * stays as it is as long as it leads to the right server; otherwise it is wrapped in one that names the server.
 */
import { compareText, serverOrder } from "./exposed-names.ts";
import { type ServerTemplate, selectMostSpecific } from "./uri-template.ts";

export interface NamedResource {
  readonly server: string;
  /** A URI, or a URI template. */
  readonly uri: string;
}

export interface ExposedResource extends NamedResource {
  readonly exposed: string;
}

export interface UriTable {
  /** In the order of priority, then server, then URI. */
  readonly entries: readonly ExposedResource[];
  readonly lookup: ReadonlyMap<string, NamedResource>;
}

/** What is known of the tenant's resources; templates in the order of priority, as their servers wrote them. */
export interface UriRoutes {
  readonly lookup: ReadonlyMap<string, NamedResource>;
  readonly templates: readonly ServerTemplate[];
}

/**
 * `mcp-server:{server}/{uri}`: a plain prefix, and that is the point. Server names need no escaping and hold no slash,
 * the wrapped URI is valid by RFC 3986 (an opaque path that URL parsers leave alone, capitals of the server included),
 * and expanding a wrapped template gives the wrapped expansion, as the prefix is a literal to RFC 6570.
 */
const WRAPPED = "mcp-server:";
/** Hosts of the Apps extension accept `ui://` only, so there the mark sits behind the scheme. */
const UI = "ui://";
const WRAPPED_UI = "ui://mcp-server/";

export function wrapUri(server: string, uri: string): string {
  return uri.startsWith(UI) ? `${WRAPPED_UI}${server}/${uri.slice(UI.length)}` : `${WRAPPED}${server}/${uri}`;
}

/** Undefined for what wrapUri did not make. Whether the server exists is for the caller to see. */
export function unwrapUri(uri: string): NamedResource | undefined {
  const isUi = uri.startsWith(WRAPPED_UI);
  if (!isUi && !uri.startsWith(WRAPPED)) return undefined;
  const rest = uri.slice(isUi ? WRAPPED_UI.length : WRAPPED.length);
  const slash = rest.indexOf("/");
  if (slash <= 0) return undefined;
  const own = rest.slice(slash + 1);
  if (!isUi && own.startsWith(UI)) return undefined;
  return { server: rest.slice(0, slash), uri: isUi ? UI + own : own };
}

/** The first server by priority keeps a URI that several offer. Resources and templates go through it separately. */
export function exposeUris(items: Iterable<NamedResource>, priority: readonly string[] = []): UriTable {
  const distinct = new Map<string, NamedResource>();
  for (const { server, uri } of items) distinct.set(`${server}\0${uri}`, { server, uri });
  const byServer = serverOrder(priority);
  const sorted = [...distinct.values()].sort(
    (left, right) => byServer(left.server, right.server) || compareText(left.uri, right.uri),
  );
  const lookup = new Map<string, NamedResource>();
  const entries = sorted.map(({ server, uri }) => {
    const exposed = looksWrapped(uri) || lookup.has(uri) ? wrapUri(server, uri) : uri;
    lookup.set(exposed, { server, uri });
    return { server, uri, exposed };
  });
  return { entries, lookup };
}

/** The server of a caller's URI, listed, wrapped, or made from some server's template. */
export function resolveUri(uri: string, routes: UriRoutes): NamedResource | undefined {
  const known = routes.lookup.get(uri) ?? unwrapUri(uri);
  if (known !== undefined) return known;
  const owner = selectMostSpecific(uri, routes.templates);
  return owner === undefined ? undefined : { server: owner.server, uri };
}

/**
 * Returns the exposed form of a URI in a server's response. A URI is wrapped only if it would otherwise resolve to
 * another server; one that no server claims, for example a web link, is unchanged.
 */
export function exposeUri(server: string, uri: string, routes: UriRoutes): string {
  if (looksWrapped(uri)) return wrapUri(server, uri);
  const leadsTo = resolveUri(uri, routes);
  return leadsTo === undefined || leadsTo.server === server ? uri : wrapUri(server, uri);
}

/** An upstream URI that begins like ours is always wrapped, so that no server can use another's URIs. */
function looksWrapped(uri: string): boolean {
  return uri.startsWith(WRAPPED) || uri.startsWith(WRAPPED_UI);
}
