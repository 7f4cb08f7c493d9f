/**
 * The arithmetic of the seed as temporary SQL functions: everything follows from a row's number by hashing, so that
 * two runs with the same counts make the same rows and no row has to look up another.
 */
import type { SeedCounts } from "./seed-counts.ts";

/**
 * Servers, users and keys lie in one line, sorted by tenant; tenant t owns the stretch from (t/T)^0.4 to
 * ((t+1)/T)^0.4 of it. That is Zipf-like: of 200 tenants the first has 12 % of everything, the last 0.2 %.
 */
export function seedFunctions(counts: SeedCounts, start: Date): string {
  const hourOfDay = (start.getTime() % 86_400_000) / 86_400_000;
  const T = counts.tenants;
  const define = (head: string, returns: string, body: string) =>
    `create function pg_temp.${head} returns ${returns} language sql immutable as $$ select ${body} $$;`;
  return [
    // A number in [0, 1) for row n; another for every salt.
    define(
      "u(n bigint, salt bigint)",
      "double precision",
      "((hashint8extended(n, salt) >> 11) & 9007199254740991)::double precision / 9007199254740992",
    ),
    define(
      "z(n bigint, salt bigint)",
      "double precision",
      "(pg_temp.u(n, salt) + pg_temp.u(n, salt + 1000) + pg_temp.u(n, salt + 2000) - 1.5) * 2",
    ),
    define(
      "pick(words text[], x double precision)",
      "text",
      "words[1 + floor(x * cardinality(words))::integer]",
    ),
    define("thing(kind text, k bigint)", "uuid", "md5(kind || k)::uuid"),
    define(
      "owner_of(k bigint, total integer)",
      "bigint",
      `least(${T - 1}, floor(${T} * power((k + 0.5) / total, 2.5)))::bigint`,
    ),
    define(
      "first_of(t bigint, total integer)",
      "bigint",
      `ceil(total * power(t::double precision / ${T}, 0.4) - 0.5)::bigint`,
    ),
    // One of tenant t's things; x near 0 chooses among its first.
    define(
      "one_of(t bigint, total integer, x double precision)",
      "bigint",
      "least(total - 1, pg_temp.first_of(t, total) + floor(x * (pg_temp.first_of(t + 1, total) - pg_temp.first_of(t, total)))::bigint)",
    ),
    define("any_tenant(x double precision)", "bigint", `floor(${T} * power(x, 2.5))::bigint`),
    // Even steps become days with a peak in the early afternoon and quiet nights; ends stay where they are.
    define(
      "drift(day double precision)",
      "double precision",
      "0.7 / (2 * pi()) * sin(2 * pi() * (day - floor(day) - 0.08))",
    ),
    define(
      "at_day(p double precision, start timestamptz)",
      "timestamptz",
      `date_trunc('milliseconds', start + interval '1 day' * (p + pg_temp.drift(p + ${hourOfDay}) - pg_temp.drift(${hourOfDay})))`,
    ),
    // Version 7, as the product makes them: the time first.
    define(
      "event_id(kind text, n bigint, at timestamptz)",
      "uuid",
      `(lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' ||
        overlay(substr(md5(kind || n), 1, 19) placing '8' from 4 for 1))::uuid`,
    ),
    define(
      "server_name(k bigint, rank bigint)",
      "text",
      `(${productNames})[1 + (rank % 40)::integer] || case when rank < 40 then '' else '-' || rank / 40 end`,
    ),
    define(
      "address_of(k bigint)",
      "text",
      "concat_ws('.', 11 + (hashint8extended(k, 51) & 127), hashint8extended(k, 52) & 255, hashint8extended(k, 53) & 255, hashint8extended(k, 54) & 255)",
    ),
  ].join("\n");
}

export const list = (words: string) => `'{${words.trim().split(/\s+/).join(",")}}'::text[]`;

const productNames = list(`
  github gitlab jira confluence slack notion linear asana sentry datadog grafana pagerduty stripe hubspot salesforce
  zendesk intercom figma drive gmail calendar postgres mysql bigquery snowflake redis elastic s3 docker kubernetes
  terraform jenkins circleci browser search weather maps translate files memory`);

/** Twenty verbs by twenty nouns. The first are what nearly every server has. */
const verbs =
  "search list get create update delete read write query run fetch send export import sync find count check start stop";
const nouns =
  "items files issues users records messages pages documents events tasks projects tickets tables reports jobs alerts comments metrics logs builds";

export const toolNames = list(
  nouns
    .split(" ")
    .flatMap((noun) => verbs.split(" ").map((verb) => `${verb}_${noun}`))
    .join(" "),
);
