CREATE TYPE "public"."entry_status" AS ENUM('active', 'deprecated', 'deleted');--> statement-breakpoint
CREATE TYPE "public"."tool_state" AS ENUM('held', 'blocked');--> statement-breakpoint
CREATE TABLE "registry_entries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"source_id" uuid,
	"name" text NOT NULL,
	"version" text NOT NULL,
	"server" jsonb NOT NULL,
	"status" "entry_status" DEFAULT 'active' NOT NULL,
	"status_message" text,
	"status_changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"is_status_local" boolean DEFAULT false NOT NULL,
	"is_latest" boolean DEFAULT false NOT NULL,
	"server_id" uuid,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || coalesce(server ->> 'title', '') || ' ' || coalesce(server ->> 'description', ''))) STORED,
	"published_at" timestamp with time zone DEFAULT now() NOT NULL,
	"published_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "registry_entries_tenant_version" UNIQUE("tenant_id","name","version"),
	CONSTRAINT "registry_entries_name_length" CHECK (char_length("registry_entries"."name") between 3 and 200),
	CONSTRAINT "registry_entries_version_length" CHECK (char_length("registry_entries"."version") between 1 and 255),
	CONSTRAINT "registry_entries_message_length" CHECK ("registry_entries"."status_message" is null or char_length("registry_entries"."status_message") <= 500)
);
--> statement-breakpoint
ALTER TABLE "registry_entries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "registry_paths" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"label" text NOT NULL,
	"token_hash" text NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "registry_paths_token_hash_unique" UNIQUE("token_hash"),
	CONSTRAINT "registry_paths_label_length" CHECK (char_length("registry_paths"."label") between 1 and 100)
);
--> statement-breakpoint
ALTER TABLE "registry_paths" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "registry_sources" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"interval_minutes" integer DEFAULT 60 NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"cursor" text,
	"pass_started_at" timestamp with time zone,
	"changed_since" timestamp with time zone,
	"synced_at" timestamp with time zone,
	"attempted_at" timestamp with time zone,
	"last_error" text,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "registry_sources_tenant_name" UNIQUE("tenant_id","name"),
	CONSTRAINT "registry_sources_tenant_id" UNIQUE("tenant_id","id"),
	CONSTRAINT "registry_sources_name_length" CHECK (char_length("registry_sources"."name") between 1 and 100),
	CONSTRAINT "registry_sources_url_length" CHECK (char_length("registry_sources"."url") between 1 and 500),
	CONSTRAINT "registry_sources_interval_range" CHECK ("registry_sources"."interval_minutes" between 5 and 10080)
);
--> statement-breakpoint
ALTER TABLE "registry_sources" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tool_pins" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"definition" jsonb NOT NULL,
	"state" "tool_state",
	"pending_hash" text,
	"pending_definition" jsonb,
	"revision" integer DEFAULT 0 NOT NULL,
	"changed_at" timestamp with time zone,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tool_pins_server_name" UNIQUE("server_id","name"),
	CONSTRAINT "tool_pins_name_length" CHECK (char_length("tool_pins"."name") between 1 and 255)
);
--> statement-breakpoint
ALTER TABLE "tool_pins" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD COLUMN "health_recent" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD COLUMN "discovered_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD COLUMN "discovery_error" text;--> statement-breakpoint
ALTER TABLE "registry_entries" ADD CONSTRAINT "registry_entries_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registry_entries" ADD CONSTRAINT "registry_entries_published_by_user_id_fk" FOREIGN KEY ("published_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registry_entries" ADD CONSTRAINT "registry_entries_source" FOREIGN KEY ("tenant_id","source_id") REFERENCES "public"."registry_sources"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registry_paths" ADD CONSTRAINT "registry_paths_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registry_paths" ADD CONSTRAINT "registry_paths_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registry_sources" ADD CONSTRAINT "registry_sources_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "registry_sources" ADD CONSTRAINT "registry_sources_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_pins" ADD CONSTRAINT "tool_pins_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_pins" ADD CONSTRAINT "tool_pins_decided_by_user_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_pins" ADD CONSTRAINT "tool_pins_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "registry_entries_latest" ON "registry_entries" USING btree ("tenant_id","name") WHERE "registry_entries"."is_latest";--> statement-breakpoint
CREATE INDEX "registry_entries_updated" ON "registry_entries" USING btree ("tenant_id","updated_at");--> statement-breakpoint
CREATE INDEX "registry_entries_source_id" ON "registry_entries" USING btree ("source_id") WHERE "registry_entries"."source_id" is not null;--> statement-breakpoint
CREATE INDEX "registry_paths_tenant_id" ON "registry_paths" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "tool_pins_tenant_server" ON "tool_pins" USING btree ("tenant_id","server_id");--> statement-breakpoint
CREATE INDEX "tool_pins_withheld" ON "tool_pins" USING btree ("tenant_id") WHERE "tool_pins"."state" is not null;--> statement-breakpoint
CREATE POLICY "tenant_own" ON "registry_entries" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("registry_entries"."tenant_id" = (select app_tenant_id())) WITH CHECK ("registry_entries"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "registry_entries" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "registry_paths" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("registry_paths"."tenant_id" = (select app_tenant_id())) WITH CHECK ("registry_paths"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "registry_paths" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "registry_sources" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("registry_sources"."tenant_id" = (select app_tenant_id())) WITH CHECK ("registry_sources"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "registry_sources" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "tool_pins" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("tool_pins"."tenant_id" = (select app_tenant_id())) WITH CHECK ("tool_pins"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "tool_pins" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON tool_pins, registry_sources, registry_entries, registry_paths
TO gateway_runtime, gateway_system;
