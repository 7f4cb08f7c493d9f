CREATE TABLE "account_clients" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"issuer" text NOT NULL,
	"client_id" text NOT NULL,
	"sealed" text NOT NULL,
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "account_clients_tenant_issuer" UNIQUE("tenant_id","issuer"),
	CONSTRAINT "account_clients_issuer_length" CHECK (char_length("account_clients"."issuer") between 1 and 2000),
	CONSTRAINT "account_clients_client_id_length" CHECK (char_length("account_clients"."client_id") between 1 and 2000),
	CONSTRAINT "account_clients_sealed_length" CHECK (char_length("account_clients"."sealed") between 1 and 100000)
);
--> statement-breakpoint
ALTER TABLE "account_clients" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "account_revocations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"server_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"origin" text NOT NULL,
	"sealed" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "account_revocations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "connected_accounts" ADD COLUMN "is_renewable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "connected_accounts" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "account_clients" ADD CONSTRAINT "account_clients_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_revocations_due_at" ON "account_revocations" USING btree ("due_at");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "account_clients" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("account_clients"."tenant_id" = (select app_tenant_id())) WITH CHECK ("account_clients"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "account_clients" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "account_revocations" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON account_clients TO gateway_runtime, gateway_system;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON account_revocations TO gateway_system;--> statement-breakpoint
-- Whatever deletes an account, its tokens are kept until they are revoked at the authorization server.
CREATE FUNCTION gateway_queue_revocation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO account_revocations (server_id, user_id, origin, sealed)
  VALUES (OLD.server_id, OLD.user_id, OLD.origin, OLD.sealed);
  RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER connected_accounts_queue_revocation AFTER DELETE ON connected_accounts
FOR EACH ROW WHEN (OLD.auth_type = 'user_oauth') EXECUTE FUNCTION gateway_queue_revocation();
