/** What the database refused, in the words of the interface: the last resort behind the checks at the route. */
import { capitalize } from "../../core/capitalize.ts";
import { GatewayError, InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { sqlState } from "../../db/errors.ts";

export async function mapDatabaseErrors<R>(noun: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw toDatabaseError(noun, sqlState(error)) ?? error;
  }
}

function toDatabaseError(noun: string, code: string | undefined): GatewayError | undefined {
  switch (code) {
    case "23505":
      return new GatewayError("conflict", `${capitalize(noun)} already exists.`);
    case "23503":
      // Rows hang on servers of their own tenant, so another's server is not there either.
      return new NotFoundError(`A referenced resource does not exist.`);
    case "23514":
      return new InvalidInputError([{ path: "", message: "violates a constraint" }]);
    case "23502":
    case "22001":
    case "22003":
    case "22007":
    case "22008":
    case "22P02":
      return new InvalidInputError([{ path: "", message: "contains a character that cannot be stored" }]);
    default:
      return undefined;
  }
}
