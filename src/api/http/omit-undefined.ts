/** Of an object, the members that are there: what optional input leaves out must not overwrite. */
export type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

export function omitUndefined<T extends object>(values: T): Partial<Defined<T>>;
export function omitUndefined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
