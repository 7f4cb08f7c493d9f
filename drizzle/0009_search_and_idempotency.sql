CREATE TABLE "idempotency_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"principal_id" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" smallint,
	"sealed_response" text,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_principal_key" UNIQUE("tenant_id","principal_id","key"),
	CONSTRAINT "idempotency_keys_key_length" CHECK (char_length("idempotency_keys"."key") between 1 and 255)
);
--> statement-breakpoint
ALTER TABLE "idempotency_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_words" (
	"server_id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" uuid NOT NULL,
	"words" "tsvector" DEFAULT ''::tsvector NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "server_words" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_words" ADD CONSTRAINT "server_words_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_words" ADD CONSTRAINT "server_words_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "idempotency_keys_expires_at" ON "idempotency_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "server_words_words" ON "server_words" USING gin ("words");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "idempotency_keys" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("idempotency_keys"."tenant_id" = (select app_tenant_id())) WITH CHECK ("idempotency_keys"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "idempotency_keys" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "server_words" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO gateway_runtime, gateway_system;
--> statement-breakpoint
GRANT SELECT ON server_words TO gateway_system;
--> statement-breakpoint
-- Text as words: punctuation parts them (read_file, github-server), and so does a capital within (getWeather), which
-- stays one word besides. Accents are taken off: whoever searches seldom types them, and in a database with the locale C
-- a capital that wears one would have no small letter.
CREATE FUNCTION gateway_words(what text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('pg_catalog.simple', regexp_replace(
    plain || ' ' || regexp_replace(plain, '([a-z0-9])([A-Z])', '\1 \2', 'g'), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', ' ', 'g'))
  FROM (SELECT regexp_replace(normalize(what, NFKD), '[\u0300-\u036f]+', '', 'g') AS plain) p
$$;
--> statement-breakpoint
-- Names weigh most, then titles and tags, then tools, then prose. Cut where no reader would go on reading either: a
-- document must stay below a megabyte, or nobody could write the server any more.
CREATE FUNCTION gateway_keep_words(ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO server_words (server_id, tenant_id, words)
  SELECT s.id, s.tenant_id,
    setweight(gateway_words(s.name), 'A')
    || setweight(gateway_words(left(concat_ws(' ', s.title, array_to_string(s.tags, ' ')), 5000)), 'B')
    || setweight(gateway_words(left(coalesce(t.names, ''), 50000)), 'C')
    || setweight(gateway_words(left(concat_ws(' ', left(s.description, 10000), t.prose), 50000)), 'D')
    || array_to_tsvector(ARRAY['tenant ' || s.tenant_id])
  FROM mcp_servers s
  LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', name, title), ' ') AS names, string_agg(left(description, 2000), ' ') AS prose
    FROM server_tools WHERE server_id = s.id
  ) t ON true
  WHERE s.id = ANY (ids)
  ORDER BY s.id
  ON CONFLICT (server_id) DO UPDATE SET words = excluded.words, updated_at = now()
    WHERE server_words.words IS DISTINCT FROM excluded.words
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_keep_words(uuid[]) FROM PUBLIC;
--> statement-breakpoint
CREATE FUNCTION gateway_words_of_servers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM gateway_keep_words(ARRAY(SELECT id FROM changed));
  ELSE
    PERFORM gateway_keep_words(ARRAY(
      SELECT c.id FROM changed c JOIN former f USING (id)
      WHERE (c.name, c.title, c.description, c.tags) IS DISTINCT FROM (f.name, f.title, f.description, f.tags)));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER server_words_inserted AFTER INSERT ON mcp_servers REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION gateway_words_of_servers();
--> statement-breakpoint
CREATE TRIGGER server_words_updated AFTER UPDATE ON mcp_servers REFERENCING OLD TABLE AS former NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION gateway_words_of_servers();
--> statement-breakpoint
CREATE FUNCTION gateway_words_of_tools() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM gateway_keep_words(ARRAY(SELECT DISTINCT server_id FROM changed));
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM gateway_keep_words(ARRAY(SELECT DISTINCT server_id FROM former));
  ELSE
    PERFORM gateway_keep_words(ARRAY(
      SELECT DISTINCT c.server_id FROM changed c JOIN former f USING (id)
      WHERE (c.name, c.title, c.description) IS DISTINCT FROM (f.name, f.title, f.description)));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER server_words_inserted AFTER INSERT ON server_tools REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION gateway_words_of_tools();
--> statement-breakpoint
CREATE TRIGGER server_words_updated AFTER UPDATE ON server_tools REFERENCING OLD TABLE AS former NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION gateway_words_of_tools();
--> statement-breakpoint
CREATE TRIGGER server_words_deleted AFTER DELETE ON server_tools REFERENCING OLD TABLE AS former
FOR EACH STATEMENT EXECUTE FUNCTION gateway_words_of_tools();
--> statement-breakpoint
-- With the owner's rights, because only they use the index; so it asks for the tenant itself, and says only ids. ROWS
-- is what most searches find: told of more, the planner reads all servers of the tenant to join a few.
CREATE FUNCTION gateway_find_servers(asked text[]) RETURNS TABLE (server_id uuid, rank real)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 30 SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT w.server_id, ts_rank(w.words, q.query)
  FROM (SELECT to_tsquery('simple', (SELECT string_agg(quote_literal(word) || ':*', ' & ') FROM unnest(asked) AS word)) AS query) q,
    server_words w
  WHERE w.tenant_id = app_tenant_id()
    AND w.words @@ (q.query && quote_literal('tenant ' || app_tenant_id())::tsquery)
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_find_servers(text[]) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_find_servers(text[]) TO gateway_runtime;
--> statement-breakpoint
SELECT gateway_keep_words(ARRAY(SELECT id FROM mcp_servers));
