/**
 * Determines whether a server is near a client, from what its owner wrote as its region: a country ("DE"), a continent
 * ("EU"), a Cloudflare location hint ("weur") or the name that a cloud gives its region ("eu-west-1").
 */

/** As Cloudflare reports it: two-letter codes of ISO 3166-1 and of the continent. */
export interface ClientLocation {
  readonly country: string | undefined;
  readonly continent: string | undefined;
}

const CONTINENTS_OF_HINTS: Readonly<Record<string, string>> = {
  wnam: "NA",
  enam: "NA",
  sam: "SA",
  weur: "EU",
  eeur: "EU",
  apac: "AS",
  me: "AS",
  oc: "OC",
  afr: "AF",
};

const CONTINENTS_OF_CLOUDS: Readonly<Record<string, string>> = {
  us: "NA",
  ca: "NA",
  northamerica: "NA",
  sa: "SA",
  southamerica: "SA",
  eu: "EU",
  europe: "EU",
  ap: "AS",
  asia: "AS",
  me: "AS",
  australia: "OC",
  af: "AF",
  africa: "AF",
};

export function isNearClient(region: string | null, { country, continent }: ClientLocation): boolean {
  if (region === null || region === "") return false;
  const name = region.trim().toUpperCase();
  if (name === country || name === continent) return true;
  const lower = name.toLowerCase();
  const [cloud = "", ...rest] = lower.split("-");
  const found = CONTINENTS_OF_HINTS[lower] ?? (rest.length > 0 ? CONTINENTS_OF_CLOUDS[cloud] : undefined);
  return found !== undefined && found === continent;
}
