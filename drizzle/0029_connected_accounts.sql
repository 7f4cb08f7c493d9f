CREATE TABLE "connected_accounts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"auth_type" text NOT NULL,
	"origin" text NOT NULL,
	"sealed" text NOT NULL,
	"scopes" text[] DEFAULT '{}'::text[] NOT NULL,
	"expires_at" timestamp with time zone,
	"failure" text,
	"is_for_discovery" boolean DEFAULT false NOT NULL,
	"connected_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "connected_accounts_server_user" UNIQUE("server_id","user_id"),
	CONSTRAINT "connected_accounts_sealed_length" CHECK (char_length("connected_accounts"."sealed") between 1 and 100000),
	CONSTRAINT "connected_accounts_origin_length" CHECK (char_length("connected_accounts"."origin") between 1 and 500)
);
--> statement-breakpoint
ALTER TABLE "connected_accounts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "connected_accounts" ADD CONSTRAINT "connected_accounts_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connected_accounts" ADD CONSTRAINT "connected_accounts_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connected_accounts" ADD CONSTRAINT "connected_accounts_member" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."tenant_members"("tenant_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "connected_accounts_discovery" ON "connected_accounts" USING btree ("server_id") WHERE "connected_accounts"."is_for_discovery";--> statement-breakpoint
CREATE INDEX "connected_accounts_tenant_user" ON "connected_accounts" USING btree ("tenant_id","user_id");--> statement-breakpoint
CREATE INDEX "connected_accounts_tenant_server" ON "connected_accounts" USING btree ("tenant_id","server_id");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "connected_accounts" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("connected_accounts"."tenant_id" = (select app_tenant_id())) WITH CHECK ("connected_accounts"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "connected_accounts" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON connected_accounts TO gateway_runtime, gateway_system;
