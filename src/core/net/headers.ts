/**
 * Header fields as plain data, by their names in lower case. The runtime's own Headers are copied, and read, at some
 * cost each time; these are read once and written once.
 */
export type HeaderMap = Map<string, string>;

const read = new WeakMap<Request, HeaderMap>();

/** Returns the headers of a request, read on first use. */
export function readHeaders(request: Request): ReadonlyMap<string, string> {
  let fields = read.get(request);
  if (fields === undefined) {
    fields = copyHeaders(request.headers);
    read.set(request, fields);
  }
  return fields;
}

export function copyHeaders(headers: Headers): HeaderMap {
  const fields: HeaderMap = new Map();
  headers.forEach((value, name) => {
    fields.set(name, value);
  });
  return fields;
}
