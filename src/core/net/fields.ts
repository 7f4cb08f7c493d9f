/**
 * Header fields as plain data, by their names in lower case. The runtime's own Headers are copied, and asked, at some
 * cost each time; these are read once and written once.
 */
export type Fields = Map<string, string>;

const read = new WeakMap<Request, Fields>();

/** Of a request, read when somebody first asks for them. */
export function fieldsOf(request: Request): ReadonlyMap<string, string> {
  let fields = read.get(request);
  if (fields === undefined) {
    fields = copyOf(request.headers);
    read.set(request, fields);
  }
  return fields;
}

export function copyOf(headers: Headers): Fields {
  const fields: Fields = new Map();
  headers.forEach((value, name) => {
    fields.set(name, value);
  });
  return fields;
}
